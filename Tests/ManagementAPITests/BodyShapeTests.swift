import FoundationEssentials
import NIOCore
import ProjectModel
import Testing

@testable import APIKit

@Suite("Bodies that say each field once")
struct BodyShapeTests {
    private struct Part: EncodableBody {
        let name: String

        static let shape = BodyShape<Self>("Part", [.init("part_name", .text(1...9), of: \.name)])
    }

    private struct Whole: EncodableBody {
        let part: Part
        var end: String?
        var count: Int64?

        static let shape = BodyShape<Self>(
            "Whole", including: \.part,
            [
                .optional("ends_at", .time, of: \.end), .nullable("count", of: \.count), .null("nothing", .boolean),
                .constant("kind", "whole", schema: .choice(["whole"])), .init("parts") { [$0.part] },
            ])
    }

    private struct Wanted: DecodableBody {
        let name: String
        let tags: [String]
        let size: Int64?
        let secret: Secret<String>?
        let inner: Inner
        let isSizeThere: Bool

        struct Inner: DecodableBody {
            let flag: Bool

            init(fields: BodyReader) throws { flag = try fields.read("flag") }
        }

        static let schemaName: String? = "Wanted"

        init(fields: BodyReader) throws {
            name = try fields.read("name", .text(1...9))
            tags = try fields.read("tags")
            size = try fields.readIfPresent("size", .integer(1...5))
            isSizeThere = fields.contains("size")
            secret = try fields.secretIfPresent("secret")
            inner = try fields.read("inner")
            fields.ignore("old", .boolean)
        }
    }

    private func text(_ body: some Encodable) throws -> String {
        String(decoding: Array(try APIResponse(json: body).body.readableBytesView), as: UTF8.self)
    }

    @Test("the JSON has the rows: absent, null and constant ones as they say")
    func encoding() throws {
        let part = Part(name: "a")
        #expect(
            try text(Whole(part: part))
                == #"{"count":null,"kind":"whole","nothing":null,"part_name":"a","parts":[{"part_name":"a"}]}"#)
        #expect(
            try text(Whole(part: part, end: "now", count: 2))
                == #"{"count":2,"ends_at":"now","kind":"whole","nothing":null,"part_name":"a","parts":[{"part_name":"a"}]}"#
        )
    }

    @Test("the schema has the same rows, with types where nothing else is said")
    func schema() {
        let part = Schema.named("Part", .fields(.init("part_name", .text(1...9))))
        #expect(Part.schema == part)
        #expect(
            Whole.schema
                == .named(
                    "Whole",
                    .fields(
                        .init("part_name", .text(1...9)), .optional("ends_at", .time),
                        .init("count", .nullable(.integer())), .init("nothing", .nullable(.boolean)),
                        .init("kind", .choice(["whole"])), .init("parts", .array(part)))))
    }

    @Test("a request's schema is what its initialiser asks for")
    func requestSchema() {
        #expect(
            Wanted.schema
                == .named(
                    "Wanted",
                    .fields(
                        .init("name", .text(1...9)), .init("tags", .array(.text)), .optional("size", .integer(1...5)),
                        .optional("secret", .text), .init("inner", .fields(.init("flag", .boolean))),
                        .optional("old", .boolean))))
    }

    private func wanted(_ json: String) throws -> Wanted {
        try JSONTreeDecoder.decode(Wanted.self, from: try #require(JSON(bytes: Array(json.utf8))))
    }

    @Test("a request is read by the same initialiser")
    func decoding() throws {
        let full = try wanted(
            #"{"name":"a","tags":["b"],"size":3,"secret":"s","inner":{"flag":true},"old":1,"more":2}"#)
        #expect((full.name, full.size, full.inner.flag, full.isSizeThere) == ("a", 3, true, true))
        #expect(full.tags == ["b"] && full.secret?.reveal() == "s")
        let short = try wanted(#"{"name":"a","tags":[],"size":null,"inner":{"flag":false}}"#)
        #expect(short.size == nil && short.isSizeThere && short.secret == nil)
    }

    @Test(
        "what is missing or of another type is named with its path",
        arguments: [
            (#"{"tags":[],"inner":{"flag":true}}"#, "name is missing"),
            (#"{"name":"a","tags":[1],"inner":{"flag":true}}"#, "tags[0] must be a string"),
            (#"{"name":"a","tags":[],"inner":{"flag":1}}"#, "inner.flag must be true or false"),
            (#"{"name":"a","tags":[],"size":"x","inner":{"flag":true}}"#, "size must be a number"),
        ])
    func refusals(_ json: String, message: String) throws {
        do {
            _ = try wanted(json)
            Issue.record("it was read")
        } catch let error as DecodingError {
            #expect(APIError(error).message == message)
        }
    }
}
