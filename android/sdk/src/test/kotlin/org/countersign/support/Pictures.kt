package org.countersign.support

import org.countersign.ffi.Picture
import java.awt.Color
import java.awt.image.BufferedImage
import java.awt.image.DataBufferByte
import javax.imageio.ImageIO

/** The picture of a file, as the platform's own decoder gives it: here, the JDK's. */
fun pictureOf(file: ByteArray): Picture {
    val image = ImageIO.read(file.inputStream())
    val grey = BufferedImage(image.width, image.height, BufferedImage.TYPE_BYTE_GRAY)
    grey.createGraphics().drawImage(image, 0, 0, Color.WHITE, null)
    return Picture((grey.raster.dataBuffer as DataBufferByte).data, grey.width.toUInt(), grey.height.toUInt())
}
