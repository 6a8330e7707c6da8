public let CLOCK_MONOTONIC_RAW: UInt32 = 4

public func clock_gettime_nsec_np(_ clock: UInt32) -> UInt64 { fatalError() }

public func sysctlbyname(
    _ name: UnsafePointer<CChar>?, _ old: UnsafeMutableRawPointer?, _ oldLength: UnsafeMutablePointer<Int>?,
    _ new: UnsafeMutableRawPointer?, _ newLength: Int
) -> Int32 { fatalError() }
