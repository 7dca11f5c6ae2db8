//! The functions of a WebAssembly module.

use std::ops::Range;

use anyhow::Result;
use wasmparser::{KnownCustom, Name, Parser, Payload, TypeRef};

/// A function of the module's own.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Function {
    /// Its mangled name; empty where the module does not say.
    pub name: String,
    /// Its body in the module's bytes, without its length.
    pub body: Range<usize>,
}

/// The functions of a module in their order, and how many come from outside, which have the first numbers.
///
/// # Errors
/// If it is no module.
pub fn functions(module: &[u8]) -> Result<(u32, Vec<Function>)> {
    let (mut imported, mut functions) = (0, Vec::<Function>::new());
    for payload in Parser::new(0).parse_all(module) {
        match payload? {
            Payload::ImportSection(imports) => {
                for import in imports.into_imports() {
                    imported += u32::from(matches!(import?.ty, TypeRef::Func(_)));
                }
            }
            Payload::CodeSectionEntry(body) => functions.push(Function { body: body.range(), ..Function::default() }),
            Payload::CustomSection(section) => {
                let KnownCustom::Name(sections) = section.as_known() else { continue };
                for section in sections {
                    let Name::Function(names) = section? else { continue };
                    for naming in names {
                        let naming = naming?;
                        let own = naming.index.checked_sub(imported).map(|own| own as usize);
                        if let Some(function) = own.and_then(|own| functions.get_mut(own)) {
                            function.name = naming.name.to_owned();
                        }
                    }
                }
            }
            _ => {}
        }
    }
    Ok((imported, functions))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_have_their_names_and_bytes() {
        let module = r#"(module (import "a" "b" (func)) (func $one nop) (func $two nop nop))"#;
        let module = wat::parse_str(module).unwrap();
        let (imported, functions) = functions(&module).unwrap();
        let found: Vec<_> = functions.iter().map(|of| (of.name.as_str(), &module[of.body.clone()])).collect();
        // No locals, the instructions, end.
        assert_eq!((imported, found), (1, vec![("one", &[0, 1, 11][..]), ("two", &[0, 1, 1, 11])]));
    }
}
