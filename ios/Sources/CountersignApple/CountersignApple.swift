// Adapters for iPhones: keys, clocks, camera, notifications, log. Each file is compiled where its frameworks exist; on
// other platforms this module is empty.

@_exported import Countersign
