//! A static server for `dist/`, as plain as any host: nothing it sends needs a special header.

use std::{
    io::Write,
    path::{Component, Path, PathBuf},
    sync::Arc,
    thread,
};

use anyhow::{Result, anyhow, ensure};
use flate2::{Compression, write::GzEncoder};
use tiny_http::{Header, Request, Response, Server};

use crate::tools::root;

/// Builds the page, unless told not to, and serves it until interrupted.
pub fn command(port: u16, no_build: bool) -> Result<()> {
    if !no_build {
        crate::build::build()?;
    }
    let port = start(port)?;
    eprintln!("serving http://127.0.0.1:{port} (stop with Ctrl-C)");
    loop {
        thread::park();
    }
}

/// Serves `dist/` from a few threads; the port it is served on.
pub fn start(port: u16) -> Result<u16> {
    let dist = root().join("dist");
    ensure!(dist.join("index.html").exists(), "dist/ is empty; run cargo xtask build");
    let server =
        Server::http(("127.0.0.1", port)).map_err(|error| anyhow!("port {port}: {error}; --port takes another"))?;
    let port = server.server_addr().to_ip().map_or(port, |address| address.port());
    let server = Arc::new(server);
    for _ in 0..4 {
        let (server, dist) = (server.clone(), dist.clone());
        thread::spawn(move || {
            for request in server.incoming_requests() {
                // A visitor who went away is no error of ours.
                let _ = answer(request, &dist);
            }
        });
    }
    Ok(port)
}

fn answer(request: Request, dist: &Path) -> std::io::Result<()> {
    let Some((bytes, kind)) = file(dist, request.url()) else {
        return request.respond(Response::from_string("not found").with_status_code(404));
    };
    let accepts_gzip = request
        .headers()
        .iter()
        .any(|header| header.field.equiv("Accept-Encoding") && header.value.as_str().contains("gzip"));
    let length = bytes.len();
    // What a host like GitHub Pages does: text and wasm are sent compressed.
    let (body, encoding) = match accepts_gzip && kind != "image/png" {
        true => (gzip(&bytes)?, Some("gzip")),
        false => (bytes, None),
    };
    let mut response = Response::from_data(body);
    let headers = [
        ("Content-Type", Some(kind.to_owned())),
        ("Content-Encoding", encoding.map(str::to_owned)),
        ("X-Content-Length", Some(length.to_string())),
    ];
    for (name, value) in headers {
        if let Some(header) = value.and_then(|value| Header::from_bytes(name, value).ok()) {
            response.add_header(header);
        }
    }
    request.respond(response)
}

/// The file that a URL names, and its media type. Nothing outside `dist/` can be named.
fn file(dist: &Path, url: &str) -> Option<(Vec<u8>, &'static str)> {
    let path = url.split(['?', '#']).next()?.trim_start_matches('/');
    let path = PathBuf::from(if path.is_empty() { "index.html" } else { path });
    if !path.components().all(|component| matches!(component, Component::Normal(_))) {
        return None;
    }
    let kind = match path.extension()?.to_str()? {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" => "application/json",
        "webmanifest" => "application/manifest+json",
        "wasm" => "application/wasm",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        _ => "application/octet-stream",
    };
    Some((std::fs::read(dist.join(path)).ok()?, kind))
}

/// Compressed as hosts do it on the fly.
pub fn gzip(bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::new(6));
    encoder.write_all(bytes)?;
    encoder.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_page_s_files_are_served() {
        let crate_folder = Path::new(env!("CARGO_MANIFEST_DIR"));
        assert!(file(crate_folder, "/src/main.rs?1").is_some());
        for outside in ["/../../Cargo.toml", "//etc/passwd.js", "/missing.js", "/%2e%2e/Cargo.toml"] {
            assert!(file(crate_folder, outside).is_none(), "{outside}");
        }
    }
}
