//! Texts that say the same as before stay as they are: a new request id alone is no news.

/// `text`, or `before` where that says the same of an earlier attempt.
pub(super) fn steady(before: Option<&str>, text: String) -> String {
    match before {
        Some(before) if essence(before) == essence(&text) => before.to_owned(),
        _ => text,
    }
}

/// The text without what differs from attempt to attempt: request ids, and numbers such as addresses and waits.
fn essence(text: &str) -> String {
    let mut rest = text;
    let mut essence = String::new();
    while let Some((head, tail)) = rest.split_once("(request ") {
        essence += head;
        rest = tail.split_once(')').map_or("", |(_, after)| after);
    }
    essence += rest;
    essence.retain(|c| !c.is_ascii_digit());
    essence
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_request_id_is_no_news() {
        let before = "refused: AccessDenied (request 1a-2b) · add it";
        assert_eq!(steady(Some(before), "refused: AccessDenied (request 9f) · add it".into()), before);
    }

    #[test]
    fn another_code_is_news() {
        let text = "refused: Throttling (request 1a-2b)".to_owned();
        assert_eq!(steady(Some("refused: AccessDenied (request 1a-2b)"), text.clone()), text);
        assert_eq!(steady(None, text.clone()), text);
    }
}
