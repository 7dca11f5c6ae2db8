//! Data files: from the visitor's disk, or from a URL once and then from the browser's cache.

use js_sys::Uint8Array;
use retort_spec::{DataSet, FileData};
use wasm_bindgen::JsCast;
use web_sys::{Cache, FileList, Response, window};

use crate::engine::{fetch, settle, text};

const CACHE: &str = "retort-data-1";
const MNIST: &str = "https://cdn.jsdelivr.net/gh/fgnt/mnist/";
const NAMES: [&str; 4] = [
    "train-images-idx3-ubyte.gz",
    "train-labels-idx1-ubyte.gz",
    "t10k-images-idx3-ubyte.gz",
    "t10k-labels-idx1-ubyte.gz",
];
/// About what the four files of MNIST weigh, for the progress of all four together.
const MNIST_BYTES: f64 = 11.6e6;

/// Whether a data set can be fetched without the visitor's files.
pub fn can_fetch(data: DataSet) -> bool {
    data == DataSet::Mnist
}

/// Reads the files that were dropped or chosen.
///
/// # Errors
/// What the browser says where a file cannot be read.
pub async fn read(list: FileList) -> Result<Vec<FileData>, String> {
    let mut files = Vec::new();
    for file in (0..list.length()).filter_map(|index| list.get(index)) {
        let buffer = settle(file.array_buffer()).await?;
        files.push(FileData { name: file.name(), bytes: Uint8Array::new(&buffer).to_vec() });
    }
    Ok(files)
}

/// Fetches MNIST, or takes it from the browser's cache; reports the share that has come.
///
/// # Errors
/// What the browser says where that fails.
pub async fn fetch_mnist(progress: impl Fn(f64)) -> Result<Vec<FileData>, String> {
    let (mut files, mut before) = (Vec::new(), 0.0);
    for name in NAMES {
        let url = format!("{MNIST}{name}");
        let bytes = match cached(&url).await {
            Some(bytes) => bytes,
            None => {
                let bytes = fetch(&url, |received, _| progress(((before + received) / MNIST_BYTES).min(1.0))).await?;
                keep(&url, &bytes).await;
                bytes
            }
        };
        before += f64::from(bytes.length());
        progress((before / MNIST_BYTES).min(1.0));
        files.push(FileData { name: name.into(), bytes: bytes.to_vec() });
    }
    Ok(files)
}

/// The files of MNIST if all four are in the cache already.
pub async fn cached_mnist() -> Option<Vec<FileData>> {
    let mut files = Vec::new();
    for name in NAMES {
        files.push(FileData { name: name.into(), bytes: cached(&format!("{MNIST}{name}")).await?.to_vec() });
    }
    Some(files)
}

async fn open() -> Option<Cache> {
    let caches = window()?.caches().ok()?;
    settle(caches.open(CACHE)).await.ok()?.dyn_into().ok()
}

async fn cached(url: &str) -> Option<Uint8Array> {
    let response = settle(open().await?.match_with_str(url)).await.ok()?.dyn_into::<Response>().ok()?;
    let buffer = settle(response.array_buffer().map_err(text).ok()?).await.ok()?;
    Some(Uint8Array::new(&buffer))
}

/// A cache that refuses costs another download next time, and nothing else.
async fn keep(url: &str, bytes: &Uint8Array) {
    if let (Some(cache), Ok(response)) = (open().await, Response::new_with_opt_js_u8_array(Some(bytes))) {
        let _ = settle(cache.put_with_str(url, &response)).await;
    }
}
