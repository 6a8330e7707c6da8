import AVFoundation
import CountersignApple
import SwiftUI

/// What the camera sees, and the codes in it.
struct CameraView: View {
    let onCodes: @MainActor ([ScannedCode]) -> Void
    @State private var camera: CameraScanner?
    @State private var isUnavailable = false

    var body: some View {
        ZStack {
            if let camera { Preview(session: camera.session) }
            if isUnavailable { Text("The camera isn't available. Allow it in Settings, or paste a link.") }
        }
        .frame(height: 320)
        .task {
            guard await AVCaptureDevice.requestAccess(for: .video), let camera = try? CameraScanner() else {
                isUnavailable = true
                return
            }
            self.camera = camera
            for await codes in camera.codes { onCodes(codes) }
        }
    }
}

private struct Preview: UIViewRepresentable {
    let session: AVCaptureSession

    func makeUIView(context: Context) -> PreviewView {
        let view = PreviewView()
        view.previewLayer.session = session
        view.previewLayer.videoGravity = .resizeAspectFill
        return view
    }

    func updateUIView(_ view: PreviewView, context: Context) {}
}

private final class PreviewView: UIView {
    override class var layerClass: AnyClass { AVCaptureVideoPreviewLayer.self }

    var previewLayer: AVCaptureVideoPreviewLayer {
        // `layerClass` says so.
        layer as! AVCaptureVideoPreviewLayer
    }
}
