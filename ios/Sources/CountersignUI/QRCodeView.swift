#if canImport(SwiftUI)
import SwiftUI

#if canImport(CoreImage)
import CoreImage.CIFilterBuiltins
#endif

/// Codes for another phone's camera, one after another; a single one stays.
struct QRCodeView: View {
    let texts: [String]

    var body: some View {
        TimelineView(.periodic(from: .now, by: Self.turn)) { context in
            let index = Int(context.date.timeIntervalSinceReferenceDate / Self.turn) % max(texts.count, 1)
            VStack {
                if texts.indices.contains(index) { QRCode(text: texts[index]) }
                if texts.count > 1 { Text("\(index + 1) of \(texts.count)").monospacedDigit() }
            }
        }
    }

    /// Long enough for a camera to read each code.
    private static let turn: TimeInterval = 0.4
}

/// One code.
private struct QRCode: View {
    let text: String

    var body: some View {
        #if canImport(CoreImage)
        if let picture {
            Image(decorative: picture, scale: 1)
                .interpolation(.none).resizable().aspectRatio(contentMode: .fit)
                .accessibilityLabel(Text("A QR code for the other phone's camera"))
        }
        #else
        Text(text)
        #endif
    }

    #if canImport(CoreImage)
    private var picture: CGImage? {
        let generator = CIFilter.qrCodeGenerator()
        generator.message = Data(text.utf8)
        // The codes are shown on a bright screen, and repeatedly: minimal error correction keeps their modules large.
        generator.correctionLevel = "L"
        return generator.outputImage.flatMap { CIContext().createCGImage($0, from: $0.extent) }
    }
    #endif
}
#endif
