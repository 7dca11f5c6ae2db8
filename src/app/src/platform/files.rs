//! Data files: from the visitor's disk, or from a URL once and then from the browser's cache.

use js_sys::{Array, Function, Reflect, Uint8Array, global};
use retort_spec::{DataSet, FileData};
use wasm_bindgen::JsCast;
use web_sys::{Cache, FileList, ReadableWritablePair, Request, Response, window};

use crate::platform::fetch::{drain, fetch, settle, text};

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

/// How a file in gzip begins.
const GZIP: [u8; 2] = [0x1f, 0x8b];
/// The largest IDX file that the engine reads, 100,000 images; all bytes past it tell a bomb from a data set.
const LARGEST_UNPACKED: u32 = 16 + 100_000 * 28 * 28;

/// Whether a data set can be fetched without the visitor's files.
pub fn can_fetch(data: DataSet) -> bool {
    data == DataSet::Mnist
}

/// Reads the files that were dropped or chosen.
///
/// # Errors
/// What the browser says where a file cannot be read.
pub async fn read(list: FileList) -> Result<Vec<FileData>, String> {
    /// All of MNIST unpacked is 47 MB; a film dropped by mistake would exhaust the page's memory.
    const LARGEST: f64 = 100e6;
    let mut files = Vec::new();
    for file in (0..list.length()).filter_map(|index| list.get(index)) {
        if file.size() > LARGEST {
            return Err(format!("{}: {:.0} MB", file.name(), file.size() / 1e6));
        }
        let buffer = settle(file.array_buffer()).await?;
        files.push(unpacked(file.name(), &Uint8Array::new(&buffer)).await);
    }
    Ok(files)
}

/// Fetches MNIST; reports the share that has come.
///
/// # Errors
/// What the browser says where that fails.
pub async fn fetch_mnist(progress: &dyn Fn(f64)) -> Result<Vec<FileData>, String> {
    let (mut files, mut before) = (Vec::new(), 0.0);
    for name in NAMES {
        let share = |received: f64, _| progress(((before + received) / MNIST_BYTES).min(1.0));
        let bytes = fetch(&format!("{MNIST}{name}"), &share).await?;
        before += f64::from(bytes.length());
        files.push(unpacked(name.into(), &bytes).await);
    }
    Ok(files)
}

/// A file without its gzip, which the browser can undo where the engine cannot. One that is damaged or too large stays
/// packed: the engine names it then, among all else that can be wrong with a file.
async fn unpacked(name: String, bytes: &Uint8Array) -> FileData {
    let is_packed = bytes.subarray(0, 2).to_vec() == GZIP;
    let content = if is_packed { unpack(bytes).await.ok() } else { None };
    FileData { name, bytes: content.as_ref().unwrap_or(bytes).to_vec() }
}

async fn unpack(bytes: &Uint8Array) -> Result<Uint8Array, String> {
    // web-sys has it among its unstable parts only.
    let kind = Reflect::get(&global(), &"DecompressionStream".into()).map_err(text)?;
    let kind = kind.dyn_into::<Function>().map_err(text)?;
    let stream = Reflect::construct(&kind, &Array::of1(&"gzip".into())).map_err(text)?;
    let packed = Response::new_with_opt_js_u8_array(Some(bytes)).map_err(text)?;
    let content = packed.body().ok_or("it is empty")?.pipe_through(stream.unchecked_ref::<ReadableWritablePair>());
    drain(&content, LARGEST_UNPACKED, &|_| {}).await
}

/// Keeps the files of a data set in the browser's cache, instead of those that were there. A cache that refuses costs
/// the same work again next time, and nothing else.
pub async fn remember(data: DataSet, files: &[FileData]) {
    let Some(cache) = open().await else { return };
    for old in addresses(&cache, data).await {
        let _ = settle(cache.delete_with_str(&old)).await;
    }
    for file in files {
        let bytes = Uint8Array::from(file.bytes.as_slice());
        if let Ok(response) = Response::new_with_opt_js_u8_array(Some(&bytes)) {
            let _ = settle(cache.put_with_str(&format!("{}{}", prefix(data), file.name), &response)).await;
        }
    }
}

/// The files of a data set that the browser's cache holds.
pub async fn recall(data: DataSet) -> Vec<FileData> {
    let Some(cache) = open().await else { return Vec::new() };
    let mut files = Vec::new();
    for address in addresses(&cache, data).await {
        let name = address.split(&prefix(data)).last().unwrap_or_default().to_owned();
        if let Some(bytes) = cached(&cache, &address).await {
            files.push(unpacked(name, &bytes).await);
        }
    }
    files
}

/// Addresses in the cache only; nothing is ever asked for there.
fn prefix(data: DataSet) -> String {
    format!("data/{data}/")
}

async fn open() -> Option<Cache> {
    // Only secure pages have one.
    let caches = window().filter(|window| window.is_secure_context())?.caches().ok()?;
    settle(caches.open(CACHE)).await.ok()?.dyn_into().ok()
}

async fn addresses(cache: &Cache, data: DataSet) -> Vec<String> {
    let keys = settle(cache.keys()).await.map(|keys| Array::from(&keys)).unwrap_or_default();
    let urls = keys.iter().map(|request| request.unchecked_into::<Request>().url());
    urls.filter(|url| url.contains(&prefix(data))).collect()
}

async fn cached(cache: &Cache, url: &str) -> Option<Uint8Array> {
    let response = settle(cache.match_with_str(url)).await.ok()?.dyn_into::<Response>().ok()?;
    let buffer = settle(response.array_buffer().ok()?).await.ok()?;
    Some(Uint8Array::new(&buffer))
}
