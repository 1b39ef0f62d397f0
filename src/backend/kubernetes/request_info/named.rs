//! Which object a field selector names (`k8s.io/apimachinery`, `pkg/fields`): nothing else of it is read.

/// The name that each object has which a field selector selects; none where it may select several, or where it cannot be read.
pub fn exactly_named(selector: &str) -> Option<String> {
    let terms: Option<Vec<Term>> =
        parts(selector).into_iter().filter(|term| !term.is_empty()).map(term).collect();
    let named = terms?.into_iter().find(|term| term.equal && term.field == "metadata.name")?.value;
    let is_segment = !matches!(named.as_str(), "." | "..") && !named.contains(['/', '%']);
    is_segment.then_some(named)
}

struct Term {
    field: String,
    equal: bool,
    value: String,
}

/// Splits at commas, in Kubernetes' order; a backslash takes the next character's meaning away.
fn parts(selector: &str) -> Vec<&str> {
    let mut escaped = false;
    let is_end = |found: char| {
        let free = !escaped;
        escaped = found == '\\' && free;
        free && found == ','
    };
    let mut parts: Vec<&str> = selector.split(is_end).collect();
    parts.sort_unstable();
    parts
}

/// `field=value`, `field==value` or `field!=value`.
fn term(text: &str) -> Option<Term> {
    let (before, after) = text.split_once('=')?;
    let (field, equal) = before.strip_suffix('!').map_or((before, true), |field| (field, false));
    let after = if equal { after.strip_prefix('=').unwrap_or(after) } else { after };
    Some(Term { field: field.to_owned(), equal, value: plain(after)? })
}

/// Without its backslashes; none where one stands before anything but a backslash, a comma or an equals sign, or where one of the latter
/// two stands without.
fn plain(value: &str) -> Option<String> {
    let (mut plain, mut characters) = (String::new(), value.chars());
    while let Some(found) = characters.next() {
        plain.push(match found {
            '\\' => characters.next().filter(|next| matches!(next, '\\' | ',' | '='))?,
            ',' | '=' => return None,
            other => other,
        });
    }
    Some(plain)
}
