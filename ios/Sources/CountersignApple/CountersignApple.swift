// What an iPhone gives to the library: keys, clocks, a camera, notifications, a log. Each file is compiled where its frameworks
// are; on other platforms this module is empty.

@_exported import Countersign
