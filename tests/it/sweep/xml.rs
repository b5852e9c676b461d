//! The XML of AWS's answers, as JSON: elements without attributes; lists of equals are arrays.

use serde_json::{Map, Value};

/// The content of the outermost element.
pub fn read(text: &str) -> Value {
    let mut reader = Reader { rest: text };
    loop {
        match reader.tag() {
            Some(tag) if tag.starts_with('?') => {}
            Some(tag) => return reader.content(name(tag), tag.ends_with('/')),
            None => return Value::Null,
        }
    }
}

struct Reader<'a> {
    rest: &'a str,
}

impl<'a> Reader<'a> {
    /// What stands between the next brackets.
    fn tag(&mut self) -> Option<&'a str> {
        let (tag, rest) = self.rest.split_once('<')?.1.split_once('>')?;
        self.rest = rest;
        Some(tag)
    }

    /// The content of the element that has just begun, up to its end.
    fn content(&mut self, element: &str, empty: bool) -> Value {
        let mut children: Vec<(String, Value)> = Vec::new();
        if empty {
            return Value::Null;
        }
        loop {
            let text = self.rest.split('<').next().unwrap_or_default();
            match self.tag() {
                Some(tag) if tag.starts_with('/') && children.is_empty() => {
                    return Value::String(plain(text));
                }
                None => return together(element, children),
                Some(tag) if tag.starts_with('/') => return together(element, children),
                Some(tag) => {
                    let child = name(tag);
                    let content = self.content(child, tag.ends_with('/'));
                    children.push((child.to_owned(), content));
                }
            }
        }
    }
}

fn name(tag: &str) -> &str {
    tag.split([' ', '/', '\n']).next().unwrap_or_default()
}

fn together(element: &str, children: Vec<(String, Value)>) -> Value {
    let first = children.first().map(|(name, _)| name.clone()).unwrap_or_default();
    let alike = children.iter().all(|(name, _)| *name == first);
    let listed =
        ["item", "member"].contains(&first.as_str()) || element.starts_with(&first) || children.len() > 1;
    if alike && listed {
        return Value::Array(children.into_iter().map(|(_, child)| child).collect());
    }
    Value::Object(children.into_iter().collect::<Map<_, _>>())
}

fn plain(text: &str) -> String {
    let text = text.trim().replace("&quot;", "\"").replace("&#34;", "\"").replace("&#x27;", "'");
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

#[test]
fn an_answer_of_aws_is_read() {
    let text =
        "<?xml version=\"1.0\"?><R xmlns=\"x\"><vpcSet><item><vpcId>v</vpcId><tagSet/></item></vpcSet></R>";
    let read = read(text);
    assert_eq!(read, serde_json::json!({ "vpcSet": [{ "vpcId": "v", "tagSet": null }] }));
}
