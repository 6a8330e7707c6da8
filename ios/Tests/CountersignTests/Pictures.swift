import Countersign
import Foundation

#if os(Linux)
import CPng
#else
import CountersignApple
#endif

extension Picture {
    /// The picture of a file, as the platform's own decoder gives it.
    init(decoding file: Data) throws {
        #if os(Linux)
        try self.init(png: file)
        #else
        guard let picture = Picture(file: file) else { throw Failure("this is no picture") }
        self = picture
        #endif
    }

    #if os(Linux)
    private init(png: Data) throws {
        var header = png_image()
        header.version = png_uint_32(PNG_IMAGE_VERSION)
        let luma: Data? = png.withUnsafeBytes { bytes in
            guard png_image_begin_read_from_memory(&header, bytes.baseAddress, bytes.count) != 0 else { return nil }
            header.format = png_uint_32(PNG_FORMAT_GRAY)
            var luma = Data(count: Int(header.width) * Int(header.height))
            let isRead = luma.withUnsafeMutableBytes {
                png_image_finish_read(&header, nil, $0.baseAddress, 0, nil) != 0
            }
            return isRead ? luma : nil
        }
        guard let luma else { throw Failure("this is no PNG") }
        self.init(luma: luma, width: header.width, height: header.height)
    }
    #endif
}
