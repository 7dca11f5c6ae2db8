//! Elements without listeners, written in one place: every element that a macro writes out brings half a kilobyte.

use yew::{prelude::*, virtual_dom::VTag};

/// An element with its attributes; those that are empty are left out.
pub fn tag(name: &'static str, attributes: &[(&'static str, &str)], children: Vec<Html>) -> Html {
    let mut tag = VTag::new(name);
    for (key, value) in attributes.iter().filter(|(_, value)| !value.is_empty()) {
        tag.add_attribute(key, (*value).to_owned());
    }
    tag.add_children(children);
    tag.into()
}

/// An element with a text.
pub fn text(name: &'static str, attributes: &[(&'static str, &str)], text: String) -> Html {
    tag(name, attributes, vec![text.into()])
}
