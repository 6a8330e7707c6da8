#if canImport(CoreGraphics) && canImport(ImageIO)
import CoreGraphics
import Countersign
import Foundation
import ImageIO

extension Picture {
    /// A picture that the person has chosen, in any format that this device shows: PNG, JPEG, HEIC and others. Large ones are
    /// read at a lower resolution, in which a QR code that fills a tenth of the photo can still be read.
    ///
    /// - Returns: `nil` when it isn't a picture.
    public init?(file: Data) {
        guard let source = CGImageSourceCreateWithData(file as CFData, nil),
            let image = CGImageSourceCreateThumbnailAtIndex(source, 0, decoding as CFDictionary)
        else { return nil }
        // On white, as in nearly every viewer; or on black, if nothing is visible on white.
        guard var luma = image.luma(over: 255) else { return nil }
        if luma.allSatisfy({ $0 == luma.first }), let overBlack = image.luma(over: 0) { luma = overBlack }
        self.init(luma: luma, width: UInt32(image.width), height: UInt32(image.height))
    }
}

extension CGImage {
    fileprivate func luma(over ground: UInt8) -> Data? {
        var luma = Data(repeating: ground, count: width * height)
        let isDrawn = luma.withUnsafeMutableBytes { pixels in
            let page = CGContext(
                data: pixels.baseAddress, width: width, height: height, bitsPerComponent: 8, bytesPerRow: width,
                space: CGColorSpaceCreateDeviceGray(), bitmapInfo: CGImageAlphaInfo.none.rawValue)
            page?.draw(self, in: CGRect(x: 0, y: 0, width: width, height: height))
            return page != nil
        }
        return isDrawn ? luma : nil
    }
}

/// At most 16 million pixels.
private var decoding: [CFString: Any] {
    [kCGImageSourceCreateThumbnailFromImageAlways: true, kCGImageSourceThumbnailMaxPixelSize: 4096]
}
#endif
