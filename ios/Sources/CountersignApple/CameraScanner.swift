#if canImport(AVFoundation) && !os(macOS)
@preconcurrency import AVFoundation
import Countersign

/// The camera, looking for codes. Frames stay on the phone, and in memory.
///
/// ```swift
/// let camera = try CameraScanner()
/// for await codes in camera.codes { model.take(codes) }
/// ```
public final class CameraScanner: NSObject, @unchecked Sendable {
    /// The camera can't be used.
    public enum Problem: Error {
        /// The person hasn't allowed it: send them to the system's settings, and offer to paste a code.
        case notAllowed
        /// This device has none.
        case noCamera
    }

    /// For the preview.
    public let session = AVCaptureSession()
    /// The codes of each frame that has any; begins with the camera and ends it.
    public let codes: AsyncStream<[ScannedCode]>

    private let found: AsyncStream<[ScannedCode]>.Continuation
    private let scanner = FrameScanner()
    private let queue = DispatchQueue(label: "org.countersign.camera", qos: .userInitiated)

    /// - Throws: ``Problem``.
    public init(position: AVCaptureDevice.Position = .back) throws {
        (codes, found) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
        super.init()
        guard AVCaptureDevice.authorizationStatus(for: .video) != .denied else { throw Problem.notAllowed }
        guard let camera = AVCaptureDevice.default(.builtInWideAngleCamera, for: .video, position: position),
            let input = try? AVCaptureDeviceInput(device: camera), session.canAddInput(input)
        else { throw Problem.noCamera }
        let output = AVCaptureVideoDataOutput()
        // The luminance plane is sufficient for QR codes.
        output.videoSettings = [
            kCVPixelBufferPixelFormatTypeKey as String: kCVPixelFormatType_420YpCbCr8BiPlanarFullRange
        ]
        output.alwaysDiscardsLateVideoFrames = true
        output.setSampleBufferDelegate(self, queue: queue)
        session.sessionPreset = .hd1280x720
        session.addInput(input)
        guard session.canAddOutput(output) else { throw Problem.noCamera }
        session.addOutput(output)
        found.onTermination = { [session, queue] _ in queue.async { session.stopRunning() } }
        queue.async { [session] in session.startRunning() }
    }

    deinit {
        found.finish()
    }
}

extension CameraScanner: AVCaptureVideoDataOutputSampleBufferDelegate {
    /// A frame: looked at, and forgotten.
    public func captureOutput(
        _ output: AVCaptureOutput,
        didOutput sample: CMSampleBuffer,
        from connection: AVCaptureConnection
    ) {
        guard let frame = CMSampleBufferGetImageBuffer(sample) else { return }
        CVPixelBufferLockBaseAddress(frame, .readOnly)
        defer { CVPixelBufferUnlockBaseAddress(frame, .readOnly) }
        guard let plane = CVPixelBufferGetBaseAddressOfPlane(frame, 0) else { return }
        let (width, height) = (CVPixelBufferGetWidthOfPlane(frame, 0), CVPixelBufferGetHeightOfPlane(frame, 0))
        let stride = CVPixelBufferGetBytesPerRowOfPlane(frame, 0)
        // Not copied: the frame is locked as long as it is read.
        let luma = Data(bytesNoCopy: plane, count: stride * height, deallocator: .none)
        let codes = try? scanner.scan(
            luma: luma, width: UInt32(width), height: UInt32(height), rowStride: UInt32(stride))
        if let codes, !codes.isEmpty { found.yield(codes) }
    }
}
#endif
