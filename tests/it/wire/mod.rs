//! The HTTP client behind the operator's gate: leads every call to the stand-in, breaks what a test wants broken, and
//! notes what AWS really answered.
//!
//! The operator does not know. Its SDKs call AWS's own addresses with credentials that the "instance" gave them; here the
//! calls are led to the stand-in, each wire to an account of its own, so that tests do not see each other.

mod call;
mod fault;
mod life;
pub mod log;
mod past;
mod refusal;

use std::sync::{Arc, Mutex};

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;
use tokio::sync::watch;

pub use self::call::{Aim, Call};
pub use self::fault::{Fate, Fault, Target};
pub use self::life::Life;
pub use self::log::Attempt;
use self::past::Past;
pub use self::refusal::Refusal;

/// The way from an operator to its account. Clones are the same way.
#[derive(Clone, Debug)]
pub struct Wire(Arc<State>);

#[derive(Debug)]
struct State {
    inner: SharedHttpClient,
    endpoint: String,
    account: String,
    fate: Mutex<Fate>,
    beset: Mutex<Vec<Fate>>,
    past: Mutex<Past>,
    late: Mutex<Option<Late>>,
    life: Mutex<Life>,
    log: Mutex<Vec<Attempt>>,
    mutations: watch::Sender<usize>,
}

/// A call that outlives the process that sent it.
#[derive(Debug)]
struct Late {
    call: Call,
    request: HttpRequest,
}

impl Wire {
    /// A way to `account` of the stand-in at `endpoint`.
    pub fn new(endpoint: &str, account: &str) -> Self {
        Self(Arc::new(State {
            inner: aws_smithy_http_client::Builder::new().build_http(),
            endpoint: endpoint.to_owned(),
            account: account.to_owned(),
            fate: Mutex::default(),
            beset: Mutex::default(),
            past: Mutex::default(),
            late: Mutex::default(),
            life: Mutex::default(),
            log: Mutex::default(),
            mutations: watch::Sender::default(),
        }))
    }

    /// The client to put behind the gate of a process that begins.
    pub fn client(&self) -> SharedHttpClient {
        let life = Life::default();
        *self.0.life.lock().unwrap() = life.clone();
        self.client_of(&life)
    }

    /// The same for a process that is known.
    pub fn client_of(&self, life: &Life) -> SharedHttpClient {
        SharedHttpClient::new(Client { wire: self.clone(), life: life.clone() })
    }

    /// Has each fault befall the call that is meant, the first counted from now on, others from the one before.
    pub fn arm(&self, strikes: impl IntoIterator<Item = (Target, Fault)>) {
        *self.0.fate.lock().unwrap() = Fate::of(strikes);
    }

    /// From now on each fault befalls the calls that are meant, whatever befalls others, unless something else is armed for them.
    pub fn beset(&self, strikes: impl IntoIterator<Item = (Target, Fault)>) {
        let fates = strikes.into_iter().map(|strike| Fate::of([strike]));
        *self.0.beset.lock().unwrap() = fates.collect();
    }

    /// From now on, each answer to a read is repeated so often, whatever was done meanwhile.
    pub fn show_past(&self, times: u32) {
        *self.0.past.lock().unwrap() = Past::repeated(times);
    }

    /// What was armed befalls nothing any more. The calls that were struck.
    pub fn disarm(&self) -> Vec<Call> {
        std::mem::take(&mut *self.0.fate.lock().unwrap()).struck
    }

    /// True iff the fault has befallen its call.
    pub fn has_struck(&self) -> bool {
        !self.0.fate.lock().unwrap().struck.is_empty()
    }

    /// Ends once the process that began last is dead and AWS has done all that it was asked for.
    pub async fn died(&self) {
        let life = self.0.life.lock().unwrap().clone();
        life.over().await;
    }

    /// Everything that was called so far, in the order of the answers.
    pub fn log(&self) -> Vec<Attempt> {
        self.0.log.lock().unwrap().clone()
    }

    /// Ends once a fault has befallen its call, and that or another call was answered.
    pub async fn struck(&self) {
        let mut mutations = self.0.mutations.subscribe();
        let _ = mutations.wait_for(|_| self.has_struck()).await;
    }

    /// Ends once so many calls that change something have been answered.
    pub async fn mutated(&self, calls: usize) {
        let mut mutations = self.0.mutations.subscribe();
        let _ = mutations.wait_for(|count| *count >= calls).await;
    }
}

impl State {
    async fn attempt(
        &self,
        life: &Life,
        connector: &SharedHttpConnector,
        request: HttpRequest,
    ) -> Result<HttpResponse, ConnectorError> {
        if let Some(answer) = instance_metadata(&request) {
            return answer;
        }
        if life.is_over() {
            return silent(life).await;
        }
        let call = Call::of(&request);
        let fault = self.strike(&call);
        match fault {
            Some(Fault::DiesBefore) => {
                self.note(Attempt::unsent(call));
                life.die();
                return silent(life).await;
            }
            Some(Fault::NotSent) => {
                self.note(Attempt::unsent(call));
                return Err(ConnectorError::io("the connection was refused".into()));
            }
            Some(Fault::Refused(refusal)) => {
                let answer = refusal.answer(&call);
                self.note(Attempt::unsent(call));
                return Ok(answer);
            }
            Some(Fault::ArrivesLate) => {
                *self.late.lock().unwrap() = Some(Late { call, request });
                life.die();
                return silent(life).await;
            }
            _ => {}
        }
        if call.mutates() {
            self.let_arrive(connector).await;
        }
        let again = request.try_clone().filter(|_| fault == Some(Fault::DeliveredTwice));
        let question = (!call.mutates()).then(|| past::question(&request));
        let known = question.as_ref().and_then(|question| self.past.lock().unwrap().answer(question));
        let mut reply = match known {
            Some(known) => Ok(known),
            None => {
                let reply = life.sending(self.send(connector, &call, request)).await;
                if let (Some(question), Ok(reply)) = (question, &reply) {
                    self.past.lock().unwrap().note(question, reply);
                }
                reply
            }
        };
        if let Some(again) = again {
            reply = life.sending(self.send(connector, &call, again)).await;
        }
        match fault {
            Some(Fault::LosesReply) => Err(ConnectorError::io("the connection was reset".into())),
            Some(Fault::NotAnswered) => Err(ConnectorError::timeout("no answer".into())),
            Some(Fault::DoneAndRefused(refusal)) => Ok(refusal.answer(&call)),
            Some(Fault::DiesAfter) => {
                life.die();
                silent(life).await
            }
            _ if life.is_over() => silent(life).await,
            _ => reply,
        }
    }

    /// What is late arrives at the worst moment: the next process has looked, and is about to act on what it saw.
    async fn let_arrive(&self, connector: &SharedHttpConnector) {
        let late = self.late.lock().unwrap().take();
        if let Some(Late { call, request }) = late {
            // Nobody is there any more to hear the answer.
            let _ = self.send(connector, &call, request).await;
        }
    }

    /// The fault that befalls this call.
    fn strike(&self, call: &Call) -> Option<Fault> {
        let armed = self.fate.lock().unwrap().strike(call);
        armed.or_else(|| self.beset.lock().unwrap().iter_mut().find_map(|fate| fate.strike(call)))
    }

    /// Sends, and reads the whole answer.
    async fn send(
        &self,
        connector: &SharedHttpConnector,
        call: &Call,
        mut request: HttpRequest,
    ) -> Result<HttpResponse, ConnectorError> {
        let said = request.body().bytes().unwrap_or_default().into();
        self.lead(&mut request)?;
        let mut response = connector.call(request).await?;
        let body = ByteStream::new(response.take_body()).collect().await;
        let body = body.map_err(|error| ConnectorError::io(error.into()))?.into_bytes();
        let answer = String::from_utf8_lossy(&body);
        self.note(Attempt::answered(call.clone(), said, response.status().as_u16(), &answer));
        *response.body_mut() = SdkBody::from(body);
        Ok(response)
    }

    fn note(&self, attempt: Attempt) {
        let mutates = attempt.mutates();
        self.log.lock().unwrap().push(attempt);
        if mutates {
            self.mutations.send_modify(|count| *count += 1);
        }
    }

    fn lead(&self, request: &mut HttpRequest) -> Result<(), ConnectorError> {
        let path = request.uri().splitn(4, '/').nth(3).unwrap_or_default().to_owned();
        let uri = format!("{}/{path}", self.endpoint);
        request.set_uri(uri).map_err(|error| ConnectorError::user(error.into()))?;
        request.headers_mut().insert("x-moto-account-id", self.account.clone());
        Ok(())
    }
}

async fn silent(life: &Life) -> Result<HttpResponse, ConnectorError> {
    // `other` without a kind: not tried again.
    Err(ConnectorError::other(life.silence().await.into(), None))
}

/// What a machine of EC2 answers when it is asked for its role's credentials.
/// <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instance-metadata-security-credentials.html>
fn instance_metadata(request: &HttpRequest) -> Option<Result<HttpResponse, ConnectorError>> {
    let path = request.uri().strip_prefix("http://169.254.169.254/latest/")?;
    let body = match path {
        "api/token" => "token",
        list if list.ends_with("security-credentials/") => "operator",
        _ => {
            r#"{"Code": "Success", "Type": "AWS-HMAC", "LastUpdated": "2026-01-01T00:00:00Z",
                "AccessKeyId": "AKIAIOSFODNN7EXAMPLE", "SecretAccessKey": "none", "Token": "none",
                "Expiration": "2096-01-01T00:00:00Z"}"#
        }
    };
    let mut response = HttpResponse::new(200.try_into().unwrap(), SdkBody::from(body));
    response.headers_mut().insert("x-aws-ec2-metadata-token-ttl-seconds", "21600");
    Some(Ok(response))
}

/// The client of one process.
#[derive(Debug)]
struct Client {
    wire: Wire,
    life: Life,
}

impl HttpClient for Client {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        let inner = self.wire.0.inner.http_connector(settings, components);
        SharedHttpConnector::new(Connector { inner, wire: self.wire.clone(), life: self.life.clone() })
    }
}

#[derive(Debug)]
struct Connector {
    inner: SharedHttpConnector,
    wire: Wire,
    life: Life,
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let (inner, wire, life) = (self.inner.clone(), self.wire.clone(), self.life.clone());
        HttpConnectorFuture::new(async move { wire.0.attempt(&life, &inner, request).await })
    }
}
