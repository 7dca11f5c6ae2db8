//! placeholder
use crate::Layer;
use retort_spec::NetworkKind;
/// Why
#[derive(Debug, thiserror::Error)]
pub enum PackError { /// x
#[error("x")] X }
/// x
pub fn pack_float(_k: NetworkKind, _f: usize, l: &[Layer]) -> Vec<u8> { vec![0; l.iter().map(|l| 4 * (l.weight.len() + l.bias.len())).sum::<usize>() + 20] }
/// x
/// # Errors
/// x
pub fn unpack_float(_f: &[u8]) -> Result<(NetworkKind, usize, Vec<Layer>), PackError> { Err(PackError::X) }
