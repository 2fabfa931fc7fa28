import DataPlaneCore
import FileKit
import FoundationEssentials
import PostgresKit
import PostgresTestSupport
import Synchronization
import Testing

@testable import StorageAPI

/// Answers with the words of the order, or fails on demand.
private final class TestRenderer: ImageRenderer {
    struct Words: PublishedFile {
        let bytes: [UInt8]
        var size: Int { bytes.count }
        func read(at offset: Int, upTo count: Int) async throws(FileError) -> [UInt8] {
            Array(bytes.dropFirst(offset).prefix(count))
        }
    }

    let sourceBytesMax = 100
    let failure = Mutex<ImageFailure?>(nil)
    let orders = Mutex<[String]>([])
    let forgotten = Mutex<[String]>([])

    func render(
        _ order: ImageOrder, of version: ObjectVersion, from source: any PublishedFile
    ) async throws(ImageFailure) -> any PublishedFile {
        orders.withLock { $0.append(order.name) }
        if let failure = failure.withLock({ $0 }) { throw failure }
        return Words(bytes: Array(order.name.utf8))
    }

    func forget(_ version: ObjectVersion) async { forgotten.withLock { $0.append(version.text) } }
}

@Suite(
    "Images of the STORAGE API", .enabled("needs PostgreSQL's server programs") { await TestCluster.isAvailable() },
    .postgresCluster, .serialized)
struct ImageTests {
    private static let png: [UInt8] = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 1, 2, 3]

    private func with(_ body: (StorageFixture, TestRenderer) async throws -> Void) async throws {
        let renderer = TestRenderer()
        try await StorageFixture.with(images: renderer) { fixture in
            try await fixture.makeBucket("open", #","public":true"#)
            try await fixture.makeBucket("shut")
            for bucket in ["open", "shut"] {
                let put = try await fixture.ask(
                    "POST", "/object/\(bucket)/a/b.png", headers: [("content-type", "image/png")], body: Self.png)
                #expect(put.status == 200, "\(put.text)")
            }
            try await body(fixture, renderer)
        }
    }

    @Test("an image is public in a public bucket alone, and else under policies")
    func access() async throws {
        try await with { fixture, renderer in
            let path = "a/b.png?width=30&height=20"
            let open = try await fixture.ask(
                "GET", "/render/image/public/open/\(path)", token: "", headers: [("accept", "image/webp,*/*")])
            #expect(open.status == 200 && open.text == "30x20-down-crop-q80-webp", "\(open.text)")
            #expect(open.header("Content-Type") == "image/webp" && open.header("Vary") == "Accept")
            #expect(open.header("X-Transformations") == "height:20,width:30,resizing_type:fill")
            let again = try await fixture.ask(
                "GET", "/render/image/public/open/\(path)", token: "",
                headers: [("accept", "image/webp"), ("if-none-match", open.header("ETag"))])
            #expect(again.status == 304 && again.body.isEmpty)
            let shut = try await fixture.ask("GET", "/render/image/public/shut/\(path)", token: "")
            #expect(shut.status == 400 && shut.member("code") == "NoSuchBucket")
            let own = try await fixture.ask("GET", "/render/image/authenticated/shut/\(path)&format=origin")
            #expect(own.text == "30x20-down-crop-q80-png" && own.header("Vary").isEmpty)
            let hidden = try await fixture.ask(
                "GET", "/render/image/authenticated/shut/\(path)", token: StorageFixture.anonymous)
            #expect(hidden.status == 400 && hidden.member("code") == "NoSuchKey")
            let none = try await fixture.ask("GET", "/render/image/authenticated/shut/\(path)", token: "")
            #expect(none.status == 400 && none.member("error") == "Error")
            #expect(renderer.orders.withLock { $0.count } == 2, "no one else had an image made")
            for method in ["POST", "PUT", "DELETE"] {
                #expect(
                    try await fixture.ask(method, "/render/image/public/open/\(path)").member("statusCode") == "404")
            }
        }
    }

    @Test("a signed image is the one that was signed: no query changes it, and no other path opens the object")
    func signed() async throws {
        try await with { fixture, _ in
            let body = Array(#"{"expiresIn":60,"transform":{"width":10,"resize":"contain","format":"avif"}}"#.utf8)
            let made = try await fixture.ask("POST", "/object/sign/shut/a/b.png", body: body)
            let url = made.member("signedURL")
            #expect(url.hasPrefix("/render/image/sign/shut/a/b.png?token="), "\(made.text)")
            let image = try await fixture.ask("GET", url + "&width=2000&quality=100&format=origin", token: "")
            #expect(image.text == "10x\(ImageOrder.sideMax)-down-q60-avif", "\(image.text)")
            #expect(image.header("Expires").hasSuffix(" GMT"))
            let original = url.replacing("/render/image/sign/", with: "/object/sign/")
            let refused = try await fixture.ask("GET", original, token: "")
            #expect(refused.status == 400 && refused.member("code") == "InvalidSignature", "\(refused.text)")
            let plain = try await fixture.ask(
                "POST", "/object/sign/shut/a/b.png", body: Array(#"{"expiresIn":60,"transform":{}}"#.utf8))
            #expect(plain.member("signedURL").hasPrefix("/object/sign/"))
            let bad = try await fixture.ask(
                "POST", "/object/sign/shut/a/b.png", body: Array(#"{"expiresIn":60,"transform":{"width":0}}"#.utf8))
            #expect(bad.status == 400 && bad.member("message").hasPrefix("body/transform/width "))
        }
    }

    @Test("what is no image, too large or too much is said in the error, and nothing of the server")
    func failures() async throws {
        try await with { fixture, renderer in
            _ = try await fixture.put("open/text.png", "<svg/>", type: "image/png")
            _ = try await fixture.ask("POST", "/object/open/large", body: Self.png + [UInt8](repeating: 0, count: 100))
            let text = try await fixture.ask("GET", "/render/image/public/open/text.png", token: "")
            #expect(text.status == 400 && text.member("statusCode") == "422" && text.member("message").contains("JPEG"))
            let large = try await fixture.ask("GET", "/render/image/public/open/large", token: "")
            #expect(large.member("message").contains("has more than 0 MiB"), "\(large.text)")
            let wrong = try await fixture.ask("GET", "/render/image/public/open/none?width=no", token: "")
            #expect(wrong.member("message").hasPrefix("querystring/width "))
            let missing = try await fixture.ask("GET", "/render/image/public/open/none?width=5", token: "")
            #expect(missing.member("code") == "NoSuchKey")
            let failures: [(ImageFailure, Int, String, String)] = [
                (.noImage, 400, "422", "JPEG"), (.tooManyPixels(50_000_000), 400, "422", "50 megapixels"),
                (.damaged(memoryMiB: 128), 400, "422", "128 MiB"), (.tooSlow(seconds: 10), 400, "422", "10 s"),
                (.resultTooLarge(16 << 20), 400, "422", "16 MiB"), (.busy, 503, "503", "try again"),
                (.unavailable("the path of the library"), 500, "500", "Internal server error"),
                (.file(.noSpace), 507, "507", "no room"),
            ]
            for (failure, status, code, words) in failures {
                renderer.failure.withLock { $0 = failure }
                let answer = try await fixture.ask("GET", "/render/image/public/open/a/b.png?width=5", token: "")
                #expect(answer.status == status && answer.member("statusCode") == code, "\(failure): \(answer.text)")
                #expect(answer.member("message").contains(words), "\(answer.text)")
            }
        }
    }

    @Test("AVIF is chosen where the bucket says so, and images of a deleted object are forgotten")
    func buckets() async throws {
        try await with { fixture, renderer in
            let accept = [(name: "accept", value: "image/avif,image/webp")]
            let path = "/render/image/public/open/a/b.png?width=5"
            #expect(
                try await fixture.ask("GET", path, token: "", headers: accept).header("Content-Type") == "image/webp")
            _ = try await fixture.pool.query(
                "UPDATE storage.buckets SET avif_autodetection = true WHERE id = 'open'")
            #expect(
                try await fixture.ask("GET", path, token: "", headers: accept).header("Content-Type") == "image/avif")
            let version = try await fixture.ask("GET", "/object/info/open/a/b.png").member("version")
            #expect(try await fixture.ask("DELETE", "/object/open/a/b.png").status == 200)
            #expect(renderer.forgotten.withLock { $0 } == [version])
        }
    }

    @Test("without a renderer images are off, in addresses and in signatures")
    func off() async throws {
        try await StorageFixture.with { fixture in
            try await fixture.makeBucket("open", #","public":true"#)
            _ = try await fixture.ask("POST", "/object/open/a.png", body: Self.png)
            let image = try await fixture.ask("GET", "/render/image/public/open/a.png", token: "")
            #expect(image.status == 400 && image.member("error") == "FeatureNotEnabled")
            let signed = try await fixture.ask(
                "POST", "/object/sign/open/a.png", body: Array(#"{"expiresIn":60,"transform":{"width":10}}"#.utf8))
            #expect(signed.member("error") == "FeatureNotEnabled")
        }
    }
}
