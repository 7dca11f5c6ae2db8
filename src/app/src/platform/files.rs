//! Data files: from the visitor's disk, or from a URL once and then from the browser's cache.

use js_sys::{Array, Uint8Array};
use retort_spec::{DataSet, FIRST_BYTES, FileData, FileProblem, largest_file_mb, may_be_data};
use wasm_bindgen::JsCast;
use web_sys::{AbortSignal, Blob, Cache, File, FileList, Request, Response, window};

use crate::platform::fetch::{await_promise, fetch_until};

const CACHE: &str = "retort-data-1";
const MNIST: &str = "https://cdn.jsdelivr.net/gh/fgnt/mnist/";
/// The host that the visitor is told of.
pub const HOST: &str = "cdn.jsdelivr.net";
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

/// Reads a file that was dropped or chosen.
///
/// # Errors
/// If it is larger than any file that can be used, or the browser cannot read it.
pub async fn read(file: &File, is_table: bool) -> Result<FileData, FileProblem> {
    let (megabytes, most) = (file.size() / 1e6, largest_file_mb(is_table));
    if megabytes > most.into() {
        return Err(FileProblem::TooLarge { megabytes: megabytes.round() as u32, most });
    }
    Ok(FileData { name: file.name(), bytes: bytes(file).await? })
}

/// Reads what may belong to a data set among the files that were dropped or chosen. Others keep their first bytes only,
/// by which the engine passes over them, and may be as large as they like.
///
/// # Errors
/// What is wrong with each file that cannot be read.
pub async fn read_data(list: &FileList, data: DataSet) -> Vec<Result<FileData, (String, FileProblem)>> {
    let mut files = Vec::new();
    for file in (0..list.length()).filter_map(|index| list.get(index)) {
        let name = file.name();
        files.push(read_part(&file, data == DataSet::Table).await.map_err(|problem| (name, problem)));
    }
    files
}

async fn read_part(file: &File, is_table: bool) -> Result<FileData, FileProblem> {
    let unreadable = |error: wasm_bindgen::JsValue| FileProblem::Unreadable { reason: super::fetch::text(error) };
    let first = file.slice_with_i32_and_i32(0, FIRST_BYTES as i32).map_err(unreadable)?;
    let (name, first) = (file.name(), bytes(&first).await?);
    match may_be_data(is_table, &name, &first) {
        true => read(file, is_table).await,
        false => Ok(FileData { name, bytes: first }),
    }
}

async fn bytes(blob: &Blob) -> Result<Vec<u8>, FileProblem> {
    let buffer = await_promise(blob.array_buffer()).await.map_err(|reason| FileProblem::Unreadable { reason })?;
    Ok(Uint8Array::new(&buffer).to_vec())
}

/// Fetches MNIST until `signal` gives it up; reports the share that has come.
///
/// # Errors
/// What the browser says where that fails.
pub async fn fetch_mnist(signal: Option<&AbortSignal>, progress: &dyn Fn(f64)) -> Result<Vec<FileData>, String> {
    let (mut files, mut before) = (Vec::new(), 0.0);
    for name in NAMES {
        let share = |received: f64, _| progress(((before + received) / MNIST_BYTES).min(1.0));
        let bytes = fetch_until(&format!("{MNIST}{name}"), signal, &share).await?;
        before += f64::from(bytes.length());
        files.push(FileData { name: name.into(), bytes: bytes.to_vec() });
    }
    Ok(files)
}

/// Keeps the files of a data set in the browser's cache, instead of those that were there. A cache that refuses costs
/// the same work again next time, and nothing else.
pub async fn remember(data: DataSet, files: &[FileData]) {
    let Some(cache) = open().await else { return };
    for old in addresses(&cache, data).await {
        let _ = await_promise(cache.delete_with_str(&old)).await;
    }
    for file in files {
        let bytes = Uint8Array::from(file.bytes.as_slice());
        if let Ok(response) = Response::new_with_opt_js_u8_array(Some(&bytes)) {
            let _ = await_promise(cache.put_with_str(&format!("{}{}", prefix(data), file.name), &response)).await;
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
            files.push(FileData { name, bytes: bytes.to_vec() });
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
    await_promise(caches.open(CACHE)).await.ok()?.dyn_into().ok()
}

async fn addresses(cache: &Cache, data: DataSet) -> Vec<String> {
    let keys = await_promise(cache.keys()).await.map(|keys| Array::from(&keys)).unwrap_or_default();
    let urls = keys.iter().map(|request| request.unchecked_into::<Request>().url());
    urls.filter(|url| url.contains(&prefix(data))).collect()
}

async fn cached(cache: &Cache, url: &str) -> Option<Uint8Array> {
    let response = await_promise(cache.match_with_str(url)).await.ok()?.dyn_into::<Response>().ok()?;
    let buffer = await_promise(response.array_buffer().ok()?).await.ok()?;
    Some(Uint8Array::new(&buffer))
}
