//! Holds the list of layers in ARCHITECTURE.md: a module imports modules of its own layer and of those before it, and
//! no modules import each other in a circle.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use proc_macro2::{Delimiter, TokenStream, TokenTree};

use crate::tools::root;

/// The segments of a module's or an item's path, the crate's own name left out.
type Segments = Vec<String>;

/// The modules of a crate, and what each names of the others.
type Crate = BTreeMap<Segments, BTreeSet<Segments>>;

/// Reads a crate's folder.
fn read(folder: &Path) -> Crate {
    let mut texts = BTreeMap::new();
    gather(folder, &mut Vec::new(), &mut texts);
    // What is compiled for tests alone may look anywhere.
    let mut tested = BTreeSet::new();
    let streams: BTreeMap<Segments, TokenStream> =
        texts.into_iter().map(|(module, text)| (module, text.parse().unwrap())).collect();
    for (module, stream) in &streams {
        tested.extend(test_modules(stream).into_iter().map(|name| [module.clone(), vec![name]].concat()));
    }
    let is_tested = |module: &Segments| tested.iter().any(|test| module.starts_with(test));
    let modules: BTreeSet<Segments> = streams.keys().filter(|module| !is_tested(module)).cloned().collect();
    let named = |(module, stream): (&Segments, &TokenStream)| {
        let mut paths = Vec::new();
        walk(stream.clone(), module, &mut paths);
        let targets = paths.into_iter().filter_map(|path| target(&path, module, &modules));
        let others = targets.filter(|target| target != module && !target.is_empty()).collect();
        (module.clone(), others)
    };
    streams.iter().filter(|(module, _)| modules.contains(*module)).map(named).collect()
}

fn gather(folder: &Path, module: &mut Segments, texts: &mut BTreeMap<Segments, String>) {
    for entry in std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            module.push(name);
            gather(&path, module, texts);
            module.pop();
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let mut of = module.clone();
            if !matches!(name.as_str(), "mod" | "main" | "lib") {
                of.push(name);
            }
            // A library and a program beside it are one crate.
            texts.entry(of).or_default().push_str(&std::fs::read_to_string(&path).unwrap());
        }
    }
}

fn is(token: Option<&TokenTree>, word: &str) -> bool {
    token.is_some_and(|token| token.to_string() == word)
}

/// Whether `#[cfg(test)]` begins here.
fn is_test(tokens: &[TokenTree]) -> bool {
    is(tokens.first(), "#") && tokens.get(1).is_some_and(|token| token.to_string().replace(' ', "") == "[cfg(test)]")
}

/// The modules in other files that are declared for tests alone.
fn test_modules(stream: &TokenStream) -> Vec<String> {
    let tokens: Vec<TokenTree> = stream.clone().into_iter().collect();
    let declared = |at: usize| {
        let end = tokens[at..].iter().position(|token| is(Some(token), ";"))?;
        let item = &tokens[at + 2..at + end];
        let place = item.iter().position(|token| is(Some(token), "mod"))?;
        (item.len() == place + 2).then(|| item[place + 1].to_string())
    };
    (0..tokens.len()).filter(|&at| is_test(&tokens[at..])).filter_map(declared).collect()
}

/// Every path that is imported, or that begins with `crate`, `self` or `super`, resolved from this module.
fn walk(stream: TokenStream, module: &Segments, paths: &mut Vec<Segments>) {
    let tokens: Vec<TokenTree> = stream.into_iter().collect();
    let mut at = 0;
    while at < tokens.len() {
        if is_test(&tokens[at..]) {
            // The item that follows: to its semicolon or its braces.
            let ends = |token: &TokenTree| match token {
                TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
                token => is(Some(token), ";"),
            };
            at += 3 + tokens[at + 2..].iter().position(ends).unwrap_or(tokens.len());
            continue;
        }
        match &tokens[at] {
            TokenTree::Ident(word) if word == "use" => {
                let end = tokens[at..].iter().position(|token| is(Some(token), ";")).unwrap_or(tokens.len() - at);
                imported(&tokens[at + 1..at + end], &Vec::new(), module, paths);
                at += end;
            }
            TokenTree::Ident(word) if word == "mod" => {
                if let (Some(name), Some(TokenTree::Group(body))) = (tokens.get(at + 1), tokens.get(at + 2)) {
                    walk(body.stream(), &[module.clone(), vec![name.to_string()]].concat(), paths);
                    at += 2;
                }
            }
            TokenTree::Ident(_) => {
                let mut path = vec![tokens[at].to_string()];
                while is(tokens.get(at + 1), ":") && is(tokens.get(at + 2), ":") {
                    let Some(TokenTree::Ident(next)) = tokens.get(at + 3) else { break };
                    path.push(next.to_string());
                    at += 3;
                }
                if path.len() > 1 && matches!(path[0].as_str(), "crate" | "self" | "super") {
                    paths.extend(resolve(&path, module));
                }
            }
            TokenTree::Group(group) => walk(group.stream(), module, paths),
            _ => {}
        }
        at += 1;
    }
}

/// The paths of a `use` tree.
fn imported(tokens: &[TokenTree], before: &Segments, module: &Segments, paths: &mut Vec<Segments>) {
    // Behind a last comma there is no branch.
    for branch in tokens.split(|token| is(Some(token), ",")).filter(|branch| !branch.is_empty()) {
        let mut path = before.clone();
        for (at, token) in branch.iter().enumerate() {
            match token {
                TokenTree::Group(group) => {
                    let inner: Vec<TokenTree> = group.stream().into_iter().collect();
                    imported(&inner, &path, module, paths);
                    path.clear();
                }
                TokenTree::Ident(word) if word == "as" => break,
                TokenTree::Ident(word) if word != "self" || at == 0 && before.is_empty() => path.push(word.to_string()),
                _ => {}
            }
        }
        if !path.is_empty() {
            // Without one of the three words it is a library's, or a child's.
            let resolved = resolve(&path, module);
            paths.push(resolved.unwrap_or_else(|| [module.clone(), path].concat()));
        }
    }
}

/// A path from the crate's root, if it says where it begins.
fn resolve(path: &[String], module: &Segments) -> Option<Segments> {
    let (first, rest) = path.split_first()?;
    match first.as_str() {
        "crate" => Some(rest.to_vec()),
        "self" => Some([module.clone(), rest.to_vec()].concat()),
        "super" => {
            let ups = path.iter().take_while(|segment| *segment == "super").count();
            let kept = module.len().checked_sub(ups)?;
            Some([&module[..kept], &path[ups..]].concat())
        }
        _ => None,
    }
}

/// The module that a path leads into; `None` for a library's.
fn target(path: &Segments, module: &Segments, modules: &BTreeSet<Segments>) -> Option<Segments> {
    let found = (0..=path.len()).rev().map(|length| path[..length].to_vec()).find(|path| modules.contains(path))?;
    // A library's path was taken for a child's.
    (path.len() <= module.len() || !path.starts_with(module) || found.len() > module.len()).then_some(found)
}

/// The place of a module in a list of layers, and the layer; the longest that is part of its path.
fn layer<'a>(module: &Segments, layers: &[&'a str]) -> Option<(usize, &'a str)> {
    let fits = |layer: &&str| {
        let parts: Vec<&str> = layer.trim_end_matches("::*").split("::").collect();
        module.len() >= parts.len() && parts.iter().zip(module).all(|(part, segment)| part == segment)
    };
    layers.iter().copied().enumerate().filter(|(_, layer)| fits(layer)).max_by_key(|(_, layer)| layer.len())
}

/// What breaks the list.
fn faults(name: &str, modules: &Crate, layers: &[&str]) -> Vec<String> {
    let mut faults = Vec::new();
    let text = |module: &Segments| format!("{name}::{}", module.join("::"));
    for (module, others) in modules.iter().filter(|(module, _)| !module.is_empty()) {
        let Some((own, layer_name)) = layer(module, layers) else {
            faults.push(format!("{} stands in no layer", text(module)));
            continue;
        };
        for other in others {
            let Some((place, _)) = layer(other, layers) else { continue };
            if place > own {
                faults.push(format!("{} imports {}, which is of a later layer", text(module), text(other)));
            }
            // Each part of such a layer stands alone; their parent lists them.
            let depth = layer_name.matches("::").count();
            let parts = [module, other].map(|module| module.get(depth));
            let are_two = matches!(parts, [Some(own), Some(other)] if own != other);
            if place == own && layer_name.ends_with("::*") && are_two {
                faults.push(format!("{} imports {}, which stands beside it", text(module), text(other)));
            }
        }
    }
    let circle = circle(modules);
    if !circle.is_empty() {
        faults.push(format!("a circle: {}", circle.iter().map(text).collect::<Vec<String>>().join(", ")));
    }
    faults
}

/// Modules that import each other, parents and children left out: a parent is its children's table of contents.
fn circle(modules: &Crate) -> Vec<Segments> {
    let is_family = |one: &Segments, other: &Segments| one.starts_with(other) || other.starts_with(one);
    let mut left: Crate = modules
        .iter()
        .map(|(module, others)| (module.clone(), others.iter().filter(|it| !is_family(it, module)).cloned().collect()))
        .collect();
    loop {
        // Whoever imports nobody that is left is in no circle, and neither is whoever nobody imports.
        let imported: BTreeSet<Segments> = left.values().flatten().cloned().collect();
        let free = |(module, others): (&Segments, &BTreeSet<Segments>)| {
            (others.is_empty() || !imported.contains(module)).then(|| module.clone())
        };
        let free: BTreeSet<Segments> = left.iter().filter_map(free).collect();
        if free.is_empty() {
            return left.into_keys().collect();
        }
        left.retain(|module, _| !free.contains(module));
        left.values_mut().for_each(|others| others.retain(|other| !free.contains(other)));
    }
}

/// The list in ARCHITECTURE.md: each crate's folder and its layers.
fn list() -> Vec<(String, Vec<String>)> {
    let text = std::fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let block = text.split("```layers\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let mut crates: Vec<(String, Vec<String>)> = Vec::new();
    for line in block.lines() {
        // A line that begins with a space continues the one before.
        let (name, layers) = match line.split_once(": ") {
            Some((name, layers)) if !line.starts_with(' ') => (Some(name), layers),
            _ => (None, line),
        };
        if let Some(name) = name {
            crates.push((name.to_owned(), Vec::new()));
        }
        let layers = layers.split(',').map(str::trim).filter(|layer| !layer.is_empty()).map(str::to_owned);
        crates.last_mut().unwrap().1.extend(layers);
    }
    crates
}

#[test]
fn no_module_imports_a_later_layer_and_there_is_no_circle() {
    let list = list();
    let crates: BTreeSet<String> = std::fs::read_dir(root().join("src"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    assert_eq!(list.iter().map(|(name, _)| name.clone()).collect::<BTreeSet<_>>(), crates);
    let mut found = Vec::new();
    for (name, layers) in &list {
        let modules = read(&root().join("src").join(name).join("src"));
        assert!(modules.len() > 3, "{name}");
        let layers: Vec<&str> = layers.iter().map(String::as_str).collect();
        found.extend(faults(name, &modules, &layers));
        for layer in layers {
            let parts: Segments = layer.trim_end_matches("::*").split("::").map(str::to_owned).collect();
            assert!(modules.keys().any(|module| module.starts_with(&parts)), "{name} has no {layer}");
        }
    }
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn planted_faults_are_found() {
    let path = |text: &str| text.split("::").map(str::to_owned).collect::<Segments>();
    let known: BTreeSet<Segments> = ["low", "high", "panels", "panels::a", "panels::b", "high::part"].map(path).into();
    let among = |module: &str, text: &str| {
        let mut paths = Vec::new();
        walk(text.parse().unwrap(), &path(module), &mut paths);
        let module = path(module);
        paths.iter().filter_map(|path| target(path, &module, &known)).filter(|it| *it != module).collect()
    };
    let planted = |files: &[(&str, &str)]| {
        let modules: Crate = files.iter().map(|(module, text)| (path(module), among(module, text))).collect();
        faults("planted", &modules, &["low", "high", "panels::*"]).len()
    };
    assert_eq!(planted(&[("low", "use std::fs;"), ("high", "use crate::low::Thing; use serde::Serialize;")]), 0);
    for upward in [
        "use crate::high::Thing;",
        "use crate::{low::Own, high::{self, Thing}};",
        "fn f() { crate::high::thing() }",
        "fn f() { html! { <p>{ crate::high::thing() }</p> } }",
        "use super::high::Thing as Other;",
        "mod inner { use super::super::high::Thing; }",
    ] {
        assert_eq!(planted(&[("low", upward), ("high", "")]), 1, "{upward}");
    }
    assert_eq!(planted(&[("low", "#[cfg(test)] mod tests { use crate::high::Thing; }"), ("high", "")]), 0);
    assert_eq!(planted(&[("panels::a", "use crate::panels::b::Thing;"), ("panels::b", "")]), 1);
    assert_eq!(planted(&[("panels::a", "use super::b::Thing;"), ("panels::b", "use super::a::Other;")]), 3);
    assert_eq!(planted(&[("panels::a", "use super::Panel;"), ("panels", "mod a; const ALL: Panel = a::PANEL;")]), 0);
    // A folder's name before braces is no import of the folder.
    let known = BTreeSet::from(["low", "high", "high::low"].map(path));
    let mut paths = Vec::new();
    walk("use crate::high::{low::Thing, low::Other,};".parse().unwrap(), &path("low"), &mut paths);
    let found: Vec<_> = paths.iter().filter_map(|it| target(it, &path("low"), &known)).collect();
    assert_eq!(found, [path("high::low"), path("high::low")]);
    assert_eq!(planted(&[("high", "mod part; use part::Thing;"), ("high::part", "use super::Other;")]), 0);
    assert_eq!(planted(&[("unknown", "")]), 1);
}
