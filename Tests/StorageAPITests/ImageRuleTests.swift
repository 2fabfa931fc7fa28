import DataPlaneCore
import Testing

@testable import StorageAPI

@Suite("Images: what is asked for, and what it comes to")
struct ImageRuleTests {
    private func asked(_ query: (name: String, value: String)...) throws(StorageError) -> ImageTransformation {
        try ImageTransformation(query: query)
    }

    @Test("a wrong parameter is refused by its name, in an address and in a body")
    func wrongParameters() throws {
        let wrong = [
            ("width", "0"), ("width", "2501"), ("width", "ten"), ("height", "-1"), ("height", "1.5"), ("quality", "19"),
            ("quality", "101"), ("resize", "crop"), ("format", "tiff"), ("width", "99999999999999999999"),
        ]
        for (name, value) in wrong {
            let error = #expect(throws: StorageError.self) { try asked((name, value)) }
            #expect(error?.statusCode == 400 && error?.message.hasPrefix("querystring/\(name) ") == true, "\(name)")
            let body = JSONText.object([.init(name, .string(value))])
            let other = #expect(throws: StorageError.self) { try ImageTransformation(body) }
            #expect(other?.message.hasPrefix("body/transform/\(name) ") == true)
        }
        #expect(throws: StorageError.self) { try ImageTransformation(JSONText.array([])) }
    }

    @Test("what a token says is what was asked for, and nothing else is read from it")
    func tokens() throws {
        let all = try asked(
            ("width", "300"), ("height", "200"), ("resize", "contain"), ("quality", "50"), ("format", "avif"))
        #expect(all.text == "height:200,width:300,resizing_type:fit,quality:50,format:avif")
        for transformation in [all, try asked(("width", "1")), try asked(("quality", "20")), ImageTransformation()] {
            #expect(ImageTransformation(text: transformation.text) == transformation)
        }
        for text in ["width:0", "width", "width:1:2", "width:1,,height:1", "gravity:no", "format:gif", "quality:5"] {
            #expect(ImageTransformation(text: text) == nil, "\(text)")
        }
    }

    @Test("the first bytes say what a file is")
    func heads() {
        func head(_ text: String) -> ImageFormat? { ImageFormat(head: Array(text.utf8)) }
        #expect(ImageFormat(head: [0xff, 0xd8, 0xff, 0xe0]) == .jpeg)
        #expect(ImageFormat(head: [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0]) == .png)
        #expect(head("GIF89a") == .gif && head("RIFF0000WEBPVP8 ") == .webp)
        #expect(head("\0\0\0\u{1c}ftypavif\0\0\0\0avifmif1miaf") == .avif)
        #expect(head("\0\0\0\u{18}ftypmif1\0\0\0\0avifmiaf") == .avif)
        #expect(head("\0\0\0\u{18}ftypheic\0\0\0\0heicmif1") == nil, "HEIC is another format in the same box")
        #expect(head("\0\0\0\u{10}ftypmif1\0\0\0\0avif") == nil, "what stands behind the box is no brand")
        for text in ["", "G", "<svg xmlns=", "%PDF-1.7", "II*\0", "RIFF0000WAVE", "\0\0\0\u{1c}ftyp", "ftypavif"] {
            #expect(head(text) == nil, "\(text)")
        }
    }

    @Test("the format is the one that was asked for, or one that the client takes")
    func formats() {
        func format(_ asked: ImageTransformation.Format?, _ accept: String?, avif: Bool = false) -> ImageFormat {
            ImageFormat(asked: asked, source: .png, accept: accept, takesAVIF: avif)
        }
        let browser = "image/avif,image/webp,image/apng,*/*;q=0.8"
        #expect(format(nil, browser) == .webp && format(nil, browser, avif: true) == .avif)
        #expect(format(.origin, browser, avif: true) == .png)
        #expect(format(nil, nil) == .png && format(nil, "*/*") == .png && format(nil, "image/webp;q=0") == .png)
        #expect(format(nil, "text/html, IMAGE/WEBP ; q=0.1") == .webp)
        #expect(format(.webp, nil) == .webp && format(.avif, nil) == .avif)
    }

    @Test("nothing grows but by fill, and only cover cuts off")
    func orders() throws {
        func order(_ query: (name: String, value: String)...) throws -> String {
            ImageOrder(try ImageTransformation(query: query), format: .webp).name
        }
        let side = ImageOrder.sideMax
        #expect(try order(("width", "3"), ("height", "2")) == "3x2-down-crop-q80-webp")
        #expect(try order(("width", "3"), ("height", "2"), ("resize", "contain")) == "3x2-down-q80-webp")
        #expect(try order(("width", "3"), ("height", "2"), ("resize", "fill")) == "3x2-force-q80-webp")
        #expect(try order(("width", "3"), ("resize", "fill")) == "3x\(side)-both-q80-webp")
        #expect(try order(("height", "2")) == "\(side)x2-down-q80-webp")
        #expect(try order(("quality", "30"), ("resize", "fill")) == "\(side)x\(side)-down-q30-webp")
        #expect(ImageOrder(ImageTransformation(), format: .avif).quality == 60)
    }

    @Test("the images that were used last are kept, up to the bytes that there is room for")
    func cache() {
        var cache = ImageCache(bytesMax: 10)
        #expect(cache.keep("a-1", of: "a", bytes: 4) == [] && cache.keep("a-2", of: "a", bytes: 4) == [])
        #expect(cache.use("a-1") && !cache.use("b-1"))
        #expect(cache.keep("b-1", of: "b", bytes: 4) == ["a-2"], "the one that was not used goes")
        #expect(
            cache.keep("c-1", of: "c", bytes: 11) == nil && cache.bytes == 8, "too large to be kept takes nothing away")
        #expect(cache.keep("b-1", of: "b", bytes: 6) == [] && cache.bytes == 10)
        #expect(cache.keep("d-1", of: "d", bytes: 10) == ["a-1", "b-1"])
        cache.drop("none")
        #expect(cache.forget("d") == ["d-1"] && cache.bytes == 0 && !cache.use("d-1"))
    }

    @Test("an image whose source is forgotten while it is made is not kept")
    func forgottenMeanwhile() {
        var cache = ImageCache(bytesMax: 10)
        cache.begin("a")
        cache.begin("a")
        cache.begin("b")
        #expect(cache.keep("a-1", of: "a", bytes: 1) == [] && cache.forget("a") == ["a-1"])
        #expect(cache.isForgotten("a") && !cache.isForgotten("b") && cache.keep("b-1", of: "b", bytes: 1) == [])
        #expect(cache.keep("a-1", of: "a", bytes: 1) == nil && !cache.use("a-1"))
        cache.end("a")
        #expect(cache.keep("a-2", of: "a", bytes: 1) == nil, "the other one is still made")
        cache.end("a")
        #expect(!cache.isForgotten("a") && cache.bytes == 1)
        // Nothing is made of it: nothing is noted, so that what is noted does not grow.
        #expect(cache.forget("c") == [] && !cache.isForgotten("c"))
    }
}
