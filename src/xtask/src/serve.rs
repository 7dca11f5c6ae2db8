//! A static server for `dist/`, as plain as any host: nothing it sends needs a special header.

use std::{
    convert::Infallible,
    net::TcpListener,
    path::{Component, Path, PathBuf},
    sync::Arc,
    thread,
};

use anyhow::{Context as _, Result, ensure};
use http_body_util::Full;
use hyper::{
    Request, Response, StatusCode,
    body::{Bytes, Incoming},
    header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, HeaderValue},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;

use crate::{
    build,
    tools::{gzip, root},
};

/// Builds the page, unless told not to, and serves it until interrupted: at first without the GPU engine, which takes
/// longer to build than all the rest and is put beside it as soon as it is there.
pub fn command(port: u16, no_build: bool) -> Result<()> {
    if !no_build {
        build::first()?;
    }
    let port = start(port, &root().join("dist"))?;
    eprintln!("serving http://127.0.0.1:{port} (stop with Ctrl-C)");
    if !no_build {
        eprintln!("networks train on the CPU meanwhile; the GPU engine follows");
        build::gpu()?;
        eprintln!("serving http://127.0.0.1:{port} with all engines; reload the page");
    }
    loop {
        thread::park();
    }
}

/// Serves the page in a folder in the background; the port it is served on.
pub fn start(port: u16, folder: &Path) -> Result<u16> {
    let dist: Arc<Path> = folder.into();
    ensure!(dist.join("index.html").exists(), "{} is empty; run cargo xtask build", folder.display());
    let listener =
        TcpListener::bind(("127.0.0.1", port)).with_context(|| format!("port {port}; --port takes another"))?;
    listener.set_nonblocking(true)?;
    let port = listener.local_addr()?.port();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    thread::spawn(move || runtime.block_on(accept(listener, dist)));
    Ok(port)
}

/// Answers every connection until the process ends.
async fn accept(listener: TcpListener, dist: Arc<Path>) {
    let Ok(listener) = tokio::net::TcpListener::from_std(listener) else { return };
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        let dist = dist.clone();
        tokio::spawn(async move {
            let service = service_fn(|request| {
                let answer = answer(&request, &dist);
                async { Ok::<_, Infallible>(answer) }
            });
            // A visitor who went away is no error of ours.
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

fn answer(request: &Request<Incoming>, dist: &Path) -> Response<Full<Bytes>> {
    let Some((bytes, kind)) = file(dist, request.uri().path()) else {
        let mut response = Response::new(Full::from("not found"));
        *response.status_mut() = StatusCode::NOT_FOUND;
        return response;
    };
    let accepted = request.headers().get(ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let length = bytes.len();
    // What a host like GitHub Pages does: text and wasm are sent compressed.
    let compressed = (accepted.contains("gzip") && kind != "image/png").then(|| gzip(&bytes, 6).ok()).flatten();
    let encoded = compressed.is_some();
    let mut response = Response::new(Full::from(compressed.unwrap_or(bytes)));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert("x-content-length", length.into());
    if encoded {
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    response
}

/// The file that a URL names, and its media type. Nothing outside `dist/` can be named.
fn file(dist: &Path, url: &str) -> Option<(Vec<u8>, &'static str)> {
    let path = url.split(['?', '#']).next()?.trim_start_matches('/');
    let index = if path.is_empty() || path.ends_with('/') { "index.html" } else { "" };
    let path = PathBuf::from(format!("{path}{index}"));
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
