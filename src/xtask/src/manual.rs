//! The documents of `docs/` as pages beside the app, so that what the app says of them is a link.

use std::{fs, path::Path};

use anyhow::{Context as _, Result};
use pulldown_cmark::{CowStr, Event, Options, Parser, Tag, html::push_html};

use crate::tools::root;

const STYLE: &str = "body{max-width:52em;margin:2em auto;padding:0 1em;font:16px/1.55 system-ui,sans-serif;color-scheme:\
                     light dark}table{border-collapse:collapse}td,th{padding:3px 10px;border:1px solid #8886;text-align:\
                     start}pre{overflow-x:auto;padding:8px;border:1px solid #8886;border-radius:6px}";

/// Writes each document as a page into a folder.
pub fn write(folder: &Path) -> Result<()> {
    fs::create_dir_all(folder)?;
    for entry in fs::read_dir(root().join("docs"))? {
        let path = entry?.path();
        let Some(name) = path.file_stem().filter(|_| path.extension().is_some_and(|extension| extension == "md"))
        else {
            continue;
        };
        let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        fs::write(folder.join(name).with_extension("html"), page(&text))?;
    }
    Ok(())
}

/// A document as a page. Links to other documents lead to their pages.
fn page(markdown: &str) -> String {
    let title = markdown.lines().next().unwrap_or_default().trim_start_matches(['#', ' ']);
    let events = Parser::new_ext(markdown, Options::ENABLE_TABLES).map(|event| match event {
        Event::Start(Tag::Link { link_type, dest_url, title, id }) => {
            let dest_url = match dest_url.strip_suffix(".md").filter(|name| !name.contains('/')) {
                Some(name) => CowStr::from(format!("{name}.html")),
                None => dest_url,
            };
            Event::Start(Tag::Link { link_type, dest_url, title, id })
        }
        other => other,
    });
    let mut body = String::new();
    push_html(&mut body, events);
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" \
         content=\"width=device-width, initial-scale=1\">\n<title>{title}</title>\n<style>{STYLE}</style>\n<main>\n{body}\
         </main>\n</html>\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_a_page_whose_links_lead_to_pages() {
        let page = page("# Title\n\n[other](load.md), [code](../src/a.rs)\n\n| a |\n| --- |\n| b |\n");
        assert!(
            page.contains("<title>Title</title>") && page.contains("<h1>Title</h1>") && page.contains("<td>b</td>")
        );
        assert!(page.contains("href=\"load.html\"") && page.contains("href=\"../src/a.rs\""), "{page}");
    }
}
