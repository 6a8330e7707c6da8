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
        // White, so that it is what shows through.
        var luma = Data(repeating: 255, count: image.width * image.height)
        let isDrawn = luma.withUnsafeMutableBytes { pixels in
            let page = CGContext(
                data: pixels.baseAddress, width: image.width, height: image.height, bitsPerComponent: 8,
                bytesPerRow: image.width, space: CGColorSpaceCreateDeviceGray(),
                bitmapInfo: CGImageAlphaInfo.none.rawValue)
            page?.draw(image, in: CGRect(x: 0, y: 0, width: image.width, height: image.height))
            return page != nil
        }
        guard isDrawn else { return nil }
        self.init(luma: luma, width: UInt32(image.width), height: UInt32(image.height))
    }
}

/// At most 16 million pixels.
private var decoding: [CFString: Any] {
    [kCGImageSourceCreateThumbnailFromImageAlways: true, kCGImageSourceThumbnailMaxPixelSize: 4096]
}
#endif
