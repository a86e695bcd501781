//! What PyTorch's categories are here, and what its numbers of devices mean.

use crate::analyse::timeline::SliceKind;

/// What stands before the name of a module where Python functions are recorded.
const MODULE: &str = "nn.Module: ";

/// What a slice of this category and name is, and the name to show. `None` for what is no slice of any
/// thread: the window in which was recorded.
pub fn kind<'a>(category: &str, name: &'a str) -> Option<(SliceKind, &'a str)> {
    let kind = match category {
        "cpu_op" | "Operator" => SliceKind::Operator,
        "python_function" => match name.strip_prefix(MODULE) {
            Some(module) => return Some((SliceKind::Module, module)),
            None => SliceKind::Function,
        },
        "kernel" | "gpu_memcpy" | "gpu_memset" | "Kernel" | "Memcpy" | "Memset" | "collective_comm" => {
            SliceKind::Kernel
        }
        // What other accelerators call theirs, and stretches in which a GPU's counters were read.
        "hpu_op" | "mtia_ccp_events" | "cuda_profiler_range" => SliceKind::Kernel,
        "Runtime" | "cuda_sync" | "overhead" => SliceKind::Runtime,
        category if category.ends_with("_runtime") || category.ends_with("_driver") => SliceKind::Runtime,
        "Trace" => return None,
        _ => SliceKind::Annotation,
    };
    // The steps of a profile are operators in older files.
    Some((if is_step(name) { SliceKind::Pass } else { kind }, name))
}

/// `ProfilerStep#3`
pub fn is_step(name: &str) -> bool {
    name.starts_with("ProfilerStep")
}

/// `cuda:0`, by the numbers of `c10::DeviceType`.
pub fn device(of_type: i64, index: i64) -> String {
    const NAMES: [&str; 21] = [
        "cpu",
        "cuda",
        "mkldnn",
        "opengl",
        "opencl",
        "ideep",
        "hip",
        "fpga",
        "maia",
        "xla",
        "vulkan",
        "metal",
        "xpu",
        "mps",
        "meta",
        "hpu",
        "ve",
        "lazy",
        "ipu",
        "mtia",
        "privateuseone",
    ];
    let name = usize::try_from(of_type).ok().and_then(|index| NAMES.get(index)).copied().unwrap_or("device");
    if index < 0 { name.to_owned() } else { format!("{name}:{index}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn categories_of_every_age_are_known() {
        for (category, name, expected) in [
            ("cpu_op", "aten::mm", Some((SliceKind::Operator, "aten::mm"))),
            ("Operator", "aten::mm", Some((SliceKind::Operator, "aten::mm"))),
            ("python_function", "model.py(7): forward", Some((SliceKind::Function, "model.py(7): forward"))),
            ("python_function", "nn.Module: Linear_0", Some((SliceKind::Module, "Linear_0"))),
            ("user_annotation", "ProfilerStep#3", Some((SliceKind::Pass, "ProfilerStep#3"))),
            ("cpu_op", "ProfilerStep#3", Some((SliceKind::Pass, "ProfilerStep#3"))),
            ("cuda_driver", "cuLaunchKernel", Some((SliceKind::Runtime, "cuLaunchKernel"))),
            ("gpu_user_annotation", "step", Some((SliceKind::Annotation, "step"))),
            ("", "step", Some((SliceKind::Annotation, "step"))),
            ("mtia_ccp_events", "fc_0", Some((SliceKind::Kernel, "fc_0"))),
            ("mtia_runtime", "runFunction", Some((SliceKind::Runtime, "runFunction"))),
            ("Trace", "PyTorch Profiler (0)", None),
        ] {
            assert_eq!(kind(category, name), expected);
        }
    }

    #[test]
    fn parts_and_devices_have_their_names() {
        assert_eq!(SliceKind::of_part("blocks.3.attn.qkv"), SliceKind::Attention);
        assert_eq!(SliceKind::of_part("blocks.3.mlp"), SliceKind::Mlp);
        assert_eq!(SliceKind::of_part("blocks.3"), SliceKind::Part);
        assert_eq!(SliceKind::of_part("lm_head"), SliceKind::Part);
        assert_eq!((device(0, -1), device(1, 3), device(99, 0)), ("cpu".into(), "cuda:3".into(), "device:0".into()));
    }
}
