package icon

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/gif"
	"image/jpeg"
	"image/png"
)

// maxSide bounds the width and the height of an image in pixels: a browser needs four
// bytes of memory for each pixel, however small the file.
const maxSide = 2048

// isRaster reports whether data begin like an image of the type, and whether it is one
// that pages may show.
func isRaster(mediaType string, data []byte) bool {
	if len(data) > Max {
		return false
	}
	var config image.Config
	var err error
	switch mediaType {
	case "image/png":
		config, err = png.DecodeConfig(bytes.NewReader(data))
	case "image/jpeg":
		config, err = jpeg.DecodeConfig(bytes.NewReader(data))
	case "image/gif":
		config, err = gif.DecodeConfig(bytes.NewReader(data))
	case "image/webp":
		config.Width, config.Height = webpSize(data)
	}
	return err == nil && within(config.Width) && within(config.Height) && !animated(mediaType, data)
}

func within(side int) bool { return side > 0 && side <= maxSide }

// animated reports whether an image may move without end, which readers could not stop.
func animated(mediaType string, data []byte) bool {
	switch mediaType {
	case "image/png":
		return bytes.Contains(data, []byte("acTL"))
	case "image/gif":
		return bytes.Contains(data, []byte("NETSCAPE2.0")) || bytes.Contains(data, []byte("ANIMEXTS1.0"))
	case "image/webp":
		return bytes.Contains(data, []byte("ANIM"))
	}
	return false
}

// webpSize returns the size that the header of a WebP file gives, or zeros if data is
// not such a file. The standard library cannot read these, and no more than this is needed.
func webpSize(data []byte) (width, height int) {
	if len(data) < 30 || string(data[:4]) != "RIFF" || string(data[8:12]) != "WEBP" || int64(binary.LittleEndian.Uint32(data[4:])) > int64(len(data)) {
		return 0, 0
	}
	chunk := data[20:]
	switch string(data[12:16]) {
	case "VP8 ": // lossy: after the frame's tag and start code, 14 bits each
		if chunk[0]&1 == 0 && string(chunk[3:6]) == "\x9d\x01\x2a" {
			return int(binary.LittleEndian.Uint16(chunk[6:])) & 0x3fff, int(binary.LittleEndian.Uint16(chunk[8:])) & 0x3fff
		}
	case "VP8L": // lossless: after a signature, 14 bits each, less one
		if bits := binary.LittleEndian.Uint32(chunk[1:]); chunk[0] == 0x2f {
			return int(bits&0x3fff) + 1, int(bits>>14&0x3fff) + 1
		}
	case "VP8X": // extended: after the flags, 24 bits each, less one
		return uint24(chunk[4:]) + 1, uint24(chunk[7:]) + 1
	}
	return 0, 0
}

func uint24(b []byte) int { return int(b[0]) | int(b[1])<<8 | int(b[2])<<16 }
