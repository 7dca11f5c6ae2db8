//! The messages of a language, read and put together by Fluent: in the browser by its authors' own library for the web,
//! whose plural rules and number formats are the browser's, and which is a tenth of what its sister in Rust would add
//! to the page; by that sister in native tests.

use std::borrow::Cow;

/// What stands for a variable of a message.
#[derive(Debug, Clone, PartialEq)]
pub enum Value<'a> {
    /// A text, as it stands.
    Text(Cow<'a, str>),
    /// A number, by which a message may choose its words.
    Number(f64),
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(text.into())
    }
}

impl From<String> for Value<'_> {
    fn from(text: String) -> Self {
        Self::Text(text.into())
    }
}

impl From<u32> for Value<'_> {
    fn from(number: u32) -> Self {
        Self::Number(number.into())
    }
}

impl From<usize> for Value<'_> {
    fn from(number: usize) -> Self {
        Self::Number(number as f64)
    }
}

/// A variable's name and what stands for it.
pub type Argument<'a> = (&'a str, Value<'a>);

#[cfg(target_family = "wasm")]
pub use browser::Messages;
#[cfg(not(target_family = "wasm"))]
pub use native::Messages;

#[cfg(target_family = "wasm")]
mod browser {
    use js_sys::{Array, Object, Reflect};
    use wasm_bindgen::prelude::*;

    use super::{Argument, Value};

    #[wasm_bindgen]
    extern "C" {
        #[wasm_bindgen(js_namespace = FluentBundle, js_name = FluentBundle)]
        type Bundle;
        #[wasm_bindgen(constructor, js_namespace = FluentBundle, js_class = "FluentBundle")]
        fn new(tag: &str, options: &JsValue) -> Bundle;
        #[wasm_bindgen(method, js_name = addResource)]
        fn add_resource(this: &Bundle, resource: &Resource) -> JsValue;
        #[wasm_bindgen(method, js_name = getMessage)]
        fn get_message(this: &Bundle, id: &str) -> JsValue;
        #[wasm_bindgen(method, js_name = formatPattern)]
        fn format_pattern(this: &Bundle, pattern: &JsValue, arguments: &JsValue, errors: &Array) -> String;

        #[wasm_bindgen(js_namespace = FluentBundle, js_name = FluentResource)]
        type Resource;
        #[wasm_bindgen(constructor, js_namespace = FluentBundle, js_class = "FluentResource")]
        fn new(messages: &str) -> Resource;
    }

    /// The messages of a file.
    pub struct Messages(Bundle);

    impl Messages {
        /// Reads a file; what cannot be read is left out, which a test forbids.
        pub fn read(messages: &str, tag: &str) -> Self {
            let options = Object::new();
            // The page mixes no scripts of opposite directions.
            let _ = Reflect::set(&options, &"useIsolating".into(), &JsValue::FALSE);
            let bundle = Bundle::new(tag, &options);
            bundle.add_resource(&Resource::new(messages));
            Self(bundle)
        }

        /// A message, or the attribute of one whose name is not empty.
        pub fn format(&self, id: &str, attribute: &str, arguments: &[Argument<'_>]) -> Option<String> {
            let field = |object: &JsValue, name: &str| Reflect::get(object, &name.into()).ok();
            let message = self.0.get_message(id);
            let pattern = match attribute {
                "" => field(&message, "value"),
                attribute => field(&field(&message, "attributes")?, attribute),
            };
            let pattern = pattern.filter(|pattern| !pattern.is_null() && !pattern.is_undefined())?;
            let given = Object::new();
            for (name, value) in arguments {
                let value = match value {
                    Value::Text(text) => JsValue::from_str(text),
                    Value::Number(number) => (*number).into(),
                };
                let _ = Reflect::set(&given, &(*name).into(), &value);
            }
            Some(self.0.format_pattern(&pattern, &given, &Array::new()))
        }
    }
}

#[cfg(not(target_family = "wasm"))]
mod native {
    use fluent_bundle::{FluentArgs, FluentBundle, FluentResource, FluentValue};
    use unic_langid::LanguageIdentifier;

    use super::{Argument, Value};

    /// The messages of a file.
    pub struct Messages(FluentBundle<FluentResource>);

    impl Messages {
        /// Reads a file; what cannot be read is left out, which a test forbids.
        pub fn read(messages: &str, tag: &str) -> Self {
            let resource = FluentResource::try_new(messages.to_owned()).unwrap_or_else(|(resource, _)| resource);
            let tag: LanguageIdentifier = tag.parse().unwrap_or_default();
            let mut bundle = FluentBundle::new(vec![tag]);
            bundle.set_use_isolating(false);
            bundle.add_resource_overriding(resource);
            Self(bundle)
        }

        /// A message, or the attribute of one whose name is not empty.
        pub fn format(&self, id: &str, attribute: &str, arguments: &[Argument<'_>]) -> Option<String> {
            let message = self.0.get_message(id)?;
            let pattern = match attribute {
                "" => message.value()?,
                attribute => message.get_attribute(attribute)?.value(),
            };
            let mut given = FluentArgs::new();
            for (name, value) in arguments {
                given.set(
                    *name,
                    match value {
                        Value::Text(text) => FluentValue::from(text.to_string()),
                        Value::Number(number) => FluentValue::from(*number),
                    },
                );
            }
            Some(self.0.format_pattern(pattern, Some(&given), &mut Vec::new()).into_owned())
        }
    }
}
