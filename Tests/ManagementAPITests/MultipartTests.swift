import Testing

@testable import APIKit
@testable import FeatureKit
@testable import ManagementAPI

@Suite("Bodies of forms with files")
struct MultipartTests {
    private let type = "multipart/form-data; boundary=XX"

    private func parse(_ text: String, type: String? = nil) throws -> MultipartBody {
        try MultipartBody(Array(text.utf8), contentType: type ?? self.type, maximumBytes: 1 << 20)
    }

    private func error(_ text: String, type: String? = nil) -> MultipartError? {
        do { _ = try parse(text, type: type) } catch { return error as? MultipartError }
        return nil
    }

    private func part(_ content: String, name: String = "a", file: String? = nil) -> MultipartBody.Part {
        MultipartBody.Part(name: name, fileName: file, bytes: Array(content.utf8))
    }

    private let head = "Content-Disposition: form-data; name=\"a\"\r\n\r\n"

    @Test("a form as the command line sends it: metadata, and files by their paths")
    func form() throws {
        let body =
            "--XX\r\nContent-Disposition: form-data; name=\"metadata\"\r\n\r\n{\"a\":1}\r\n"
            + "--XX\r\nContent-Disposition: form-data; name=\"file\"; filename=\"supabase/functions/hi/index.ts\"\r\n"
            + "Content-Type: application/octet-stream\r\n\r\nline\r\n\r\nline\r\n--XX--\r\n"
        let parsed = try parse(body)
        #expect(
            parsed.parts == [
                part("{\"a\":1}", name: "metadata"),
                MultipartBody.Part(
                    name: "file", fileName: "supabase/functions/hi/index.ts", contentType: "application/octet-stream",
                    bytes: Array("line\r\n\r\nline".utf8)),
            ])
    }

    @Test("what nearly is a boundary is content, however often it stands there")
    func nearly() throws {
        let content = String(repeating: "\r\n--X", count: 2_000) + String(repeating: "\r\n--Xa", count: 2_000)
        let body = "--XX\r\n\(head)\(content)\r\n--XX--\r\n"
        #expect(try parse(body).parts == [part(content)])
    }

    @Test("a name with an end of line, or with a quote beside a combining mark, stays one value")
    func escapes() throws {
        let name = "a\r\nb\"\u{301}c"
        let bytes = MultipartBody(parts: [part("x", file: name)]).encoded(boundary: "XX")
        #expect(String(decoding: bytes, as: UTF8.self).unicodeScalars.count { $0 == "\r" } == 5)
        #expect(try MultipartBody(bytes, contentType: type, maximumBytes: 1 << 20).parts.count == 1)
    }

    @Test("what surrounds the parts is ignored, and white space behind a boundary")
    func surroundings() throws {
        for text in [
            "--XX\r\n\(head)x\r\n--XX--", "--XX \t\r\n\(head)x\r\n--XX--",
            "preamble\r\n--XX\r\n\(head)x\r\n--XX--epilogue",
            "\r\n--XX\r\n\(head)x\r\n--XX--\r\n--XX\r\nnot looked at", "--XXY\r\n--XX\r\n\(head)x\r\n--XX--",
        ] {
            #expect(try parse(text).parts == [part("x")])
        }
        #expect(try parse("--XX--").parts == [])
        #expect(try parse("nothing\r\n--XX--").parts == [])
    }

    @Test("content is taken as it is, also when it looks like a boundary")
    func contents() throws {
        for content in [
            "", "\r\n", "\n", "x--XX", "\n--XX\n", "\r\n--XXY", "\r\n--XX-", "\r\n-XX", "\r\n--X", "\r\n\r\n--xx\r\n",
            "x--XX--",
            "\r\n--XX x\r\n", "\0\u{1}",
        ] {
            #expect(try parse("--XX\r\n\(head)\(content)\r\n--XX--").parts == [part(content)], "\(content)")
        }
        // Without the line's end that strictly belongs to the boundary.
        #expect(try parse("--XX\r\n\(head)--XX\r\n\(head)y\r\n--XX--").parts == [part(""), part("y")])
        let bytes = (0...255).map { UInt8($0) } + [13, 10, 45, 45, 88]
        let body = Array("--XX\r\n\(head)".utf8) + bytes + Array("\r\n--XX--".utf8)
        #expect(try MultipartBody(body, contentType: type, maximumBytes: 1_000).parts[0].bytes == bytes)
    }

    @Test("names are read as tokens and as quoted strings, with escaped quotes")
    func names() throws {
        for (text, name, file) in [
            ("form-data; name=a", "a", nil), ("form-data;name=a;filename=b", "a", "b"),
            ("FORM-DATA ; NAME=\"a\" ; FileName=\"b;c\" ", "a", "b;c"),
            (#"form-data; name="a\"b"; filename="c\\d\e""#, #"a"b"#, #"c\d\e"#),
            ("form-data; filename=\"\"; name=\"\"; other=\"x\";", "", ""), ("form-data; name=\"ü/é\"", "ü/é", nil),
        ] as [(String, String, String?)] {
            let parsed = try parse("--XX\r\ncontent-DISPOSITION: \(text)\r\nX-Other: a:b\r\n\r\n\r\n--XX--")
            #expect(parsed.parts == [part("", name: name, file: file)], "\(text)")
        }
    }

    @Test("a part without a header that names a field is refused, with its number")
    func badHeaders() {
        for header in [
            "", "Content-Disposition: form-data", "Content-Disposition: attachment; name=\"a\"",
            "Content-Type: text/plain",
            "no colon", "Content-Disposition: form-data; name=\"a", "Content-Disposition: form-data; name=\"a\"b",
            "Content-Disposition: form-data; name", "Content-Disposition: form-data; name=a; name=b",
            "Content-Disposition: form-data; name=a\r\nContent-Disposition: form-data; name=b",
        ] {
            let body = "--XX\r\n\(head)x\r\n--XX\r\n\(header)\r\n\r\nx\r\n--XX--"
            #expect(error(body) == .badHeader(part: 2), "\(header)")
        }
        let invalid =
            Array("--XX\r\nContent-Disposition: form-data; name=\"".utf8) + [0xff] + Array("\"\r\n\r\n\r\n--XX--".utf8)
        #expect(throws: MultipartError.badHeader(part: 1)) {
            try MultipartBody(invalid, contentType: type, maximumBytes: 1_000)
        }
        #expect(error("--XX\r\n") == .badHeader(part: 1))
    }

    @Test("a body that ends too early is refused, wherever it was cut")
    func truncated() throws {
        let body = "--XX\r\n\(head)x\r\n--XX\r\n\(head)yy\r\n--XX--"
        _ = try parse(body)
        for count in 0..<(body.utf8.count - 1) {
            #expect(throws: MultipartError.self, "\(count)") {
                try parse(String(decoding: Array(body.utf8).prefix(count), as: UTF8.self))
            }
        }
        #expect(error("") == .truncated)
        #expect(error("something else") == .truncated)
        #expect(error(body.replacing("XX", with: "YY")) == .truncated)
    }

    @Test("only forms are read, with a boundary that can be one")
    func contentTypes() throws {
        let body = "--XX\r\n\(head)x\r\n--XX--"
        for type in ["multipart/form-data; boundary=\"XX\"", "Multipart/Form-Data; charset=utf-8; Boundary=XX"] {
            #expect(try parse(body, type: type).parts == [part("x")])
        }
        for type in ["", "application/json", "multipart/mixed; boundary=XX", "text/multipart/form-data; boundary=XX"] {
            #expect(error(body, type: type) == .otherType, "\(type)")
        }
        let long = String(repeating: "b", count: MultipartBody.boundaryBytesMax + 1)
        for type in ["multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; boundary=\(long)"] {
            #expect(error(body, type: type) == .noBoundary, "\(type)")
        }
    }

    @Test("the limits of bytes, parts and headers hold exactly")
    func limits() throws {
        let body = Array("--XX\r\n\(head)x\r\n--XX--".utf8)
        _ = try MultipartBody(body, contentType: type, maximumBytes: body.count)
        #expect(throws: MultipartError.tooLarge(body.count - 1)) {
            try MultipartBody(body, contentType: type, maximumBytes: body.count - 1)
        }
        let one = "--XX\r\n\(head)x\r\n"
        #expect(try parse(String(repeating: one, count: 200) + "--XX--").parts.count == 200)
        #expect(error(String(repeating: one, count: 201) + "--XX--") == .tooManyParts)
        let disposition = "Content-Disposition: form-data; name=\"a\"\r\nX: "
        func long(headerBytes: Int) -> String {
            // The end of the boundary's line counts, too.
            let filler = String(repeating: "x", count: headerBytes - 2 - disposition.utf8.count)
            return "--XX\r\n\(disposition)\(filler)\r\n\r\nx\r\n--XX--"
        }
        #expect(try parse(long(headerBytes: MultipartBody.headerBytesMax)).parts.count == 1)
        #expect(error(long(headerBytes: MultipartBody.headerBytesMax + 1)) == .badHeader(part: 1))
    }

    @Test("what is written can be read again", arguments: UInt64(0)..<5)
    func roundTrip(seed: UInt64) throws {
        var generator = Generator(state: seed)
        let pieces = ["\r\n", "--", "XX", "-", "\n", "a", "\0", "\r", "\u{e9}", " "]
        let names = ["file", "ü", "a/b.ts", #"q"u\o"#, #"end\"#, #"two\\x"#, "semi;colon", ""]
        for _ in 0..<200 {
            let parts = (0..<Int.random(in: 0...4, using: &generator)).map { _ in
                MultipartBody.Part(
                    name: names.randomElement(using: &generator) ?? "",
                    fileName: names.randomElement(using: &generator),
                    contentType: Bool.random(using: &generator) ? "text/plain; charset=utf-8" : nil,
                    bytes: Array(
                        (0..<Int.random(in: 0...30, using: &generator)).map { _ in
                            pieces.randomElement(using: &generator) ?? ""
                        }.joined().utf8))
            }
            let boundary = "no-content-holds-this"
            let bytes = MultipartBody(parts: parts).encoded(boundary: boundary)
            let read = try MultipartBody(
                bytes, contentType: MultipartBody.contentType(boundary: boundary), maximumBytes: bytes.count)
            #expect(read.parts == parts)
        }
    }

    @Test("a search finds what a simple one finds", arguments: UInt64(0)..<5)
    func search(seed: UInt64) {
        var generator = Generator(state: seed)
        for _ in 0..<500 {
            let bytes = (0..<Int.random(in: 0...40, using: &generator)).map { _ in
                UInt8.random(in: 0...2, using: &generator)
            }
            let pattern = (0..<Int.random(in: 1...5, using: &generator)).map { _ in
                UInt8.random(in: 0...2, using: &generator)
            }
            let start = Int.random(in: 0...(bytes.count + 1), using: &generator)
            let simple = (start..<max(start, bytes.count)).first { bytes[$0...].starts(with: pattern) }
            #expect(ByteSearch(pattern).first(in: bytes, from: start) == simple)
        }
    }

    /// SplitMix64.
    private struct Generator: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var value = state
            value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
            value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
            return value ^ (value >> 31)
        }
    }
}
