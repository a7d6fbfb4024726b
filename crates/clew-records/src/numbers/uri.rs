//! Telephone and SIP addresses taken apart (RFC 3966, RFC 3261 section 19.1).

use std::borrow::Cow;

/// An address as it is read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Address<'a> {
    /// The telephone part, or the SIP user, percent-decoded and without parameters.
    pub(crate) user: Cow<'a, str>,
    /// The host in lower case without port; none for `tel:`.
    pub(crate) host: Option<String>,
    /// Whether the address says that the user is a telephone number: `tel:` or `user=phone`.
    pub(crate) phone: bool,
    /// The `phone-context`, where there is one.
    pub(crate) context: Option<&'a str>,
}

/// The address in a text; `None` when the text is not one.
pub(crate) fn address(text: &str) -> Option<Address<'_>> {
    if !text.contains([':', '@']) {
        return None;
    }
    let inner = match (text.find('<'), text.rfind('>')) {
        (Some(from), Some(to)) if from < to => &text[from + 1..to],
        _ => text,
    }
    .trim();
    let lower = inner.as_bytes();
    let scheme = |name: &str| {
        lower.len() > name.len() && lower[..name.len()].eq_ignore_ascii_case(name.as_bytes())
    };
    if scheme("tel:") {
        return Some(telephone(&inner[4..]));
    }
    if scheme("sips:") {
        return sip(&inner[5..]);
    }
    if scheme("sip:") {
        return sip(&inner[4..]);
    }
    if inner.contains(':') || inner.contains(' ') {
        None
    } else {
        sip(inner)
    }
}

fn telephone(rest: &str) -> Address<'_> {
    let (number, parameters) = rest.split_once(';').unwrap_or((rest, ""));
    Address {
        user: decoded(number),
        host: None,
        phone: true,
        context: parameter(parameters, "phone-context"),
    }
}

fn sip(rest: &str) -> Option<Address<'_>> {
    let (before, after) = rest.split_once('@').unwrap_or(("", rest));
    let host = after
        .split([';', '?', ':', '>'])
        .next()
        .unwrap_or("")
        .to_ascii_lowercase();
    let uri_parameters = after
        .split_once(';')
        .map_or("", |(_, parameters)| parameters);
    let (user, user_parameters) = before.split_once(';').unwrap_or((before, ""));
    let user = user.split(':').next().unwrap_or("");
    if host.is_empty() || !host.bytes().all(|byte| byte.is_ascii_graphic()) || after.contains('@') {
        return None;
    }
    let phone =
        parameter(uri_parameters, "user").is_some_and(|value| value.eq_ignore_ascii_case("phone"));
    let context = parameter(user_parameters, "phone-context")
        .or_else(|| parameter(uri_parameters, "phone-context"));
    Some(Address {
        user: decoded(user),
        host: Some(host),
        phone,
        context,
    })
}

fn parameter<'a>(parameters: &'a str, name: &str) -> Option<&'a str> {
    parameters.split(';').find_map(|parameter| {
        let (key, value) = parameter.split_once('=')?;
        key.trim()
            .eq_ignore_ascii_case(name)
            .then(|| value.split('?').next().unwrap_or("").trim())
    })
}

/// Percent-decoding of ASCII; anything else stays as written.
fn decoded(text: &str) -> Cow<'_, str> {
    if !text.contains('%') {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('%') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let value = rest
            .get(1..3)
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match value {
            Some(value @ 0x20..=0x7E) => {
                out.push(char::from(value));
                rest = &rest[3..];
            }
            _ => {
                out.push('%');
                rest = &rest[1..];
            }
        }
    }
    out.push_str(rest);
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_taken_apart() {
        let sip = address("\"Bob\" <sip:%2B33612345678:secret@Host.example:5060;user=phone>;tag=1")
            .unwrap();
        assert_eq!(
            (sip.user.as_ref(), sip.host.as_deref(), sip.phone),
            ("+33612345678", Some("host.example"), true)
        );
        let tel = address("TEL:0612345678;phone-context=+33").unwrap();
        assert_eq!(
            (tel.user.as_ref(), tel.host.as_deref(), tel.context),
            ("0612345678", None, Some("+33"))
        );
        let inside = address("sip:7042;phone-context=example.com@pbx.example;user=phone").unwrap();
        assert_eq!(inside.context, Some("example.com"));
        assert!(address("0612345678").is_none());
        assert!(address("12:30").is_none());
        assert!(address("a%b@h").unwrap().user == "a%b");
    }
}
