import HTTPTypes
import NIOCore

/// Files that are served as they are: read once, at the start, and found by name in a table. No path of a request ever
/// reaches a file system.
package struct StaticAssets: Sendable {
    private struct Asset: Sendable {
        let contentType: String
        let entityTag: String
        let body: ByteBuffer
        /// Compressed, where that is smaller.
        let gzip: ByteBuffer?
    }

    /// Where they are served; the last part of a path is a name.
    package let base: String
    /// By the name under which they are served, which has a digest of the content in it.
    private let assets: [String: Asset]
    /// The names under which they are served, by the names of their files.
    private let served: [String: String]

    /// A file that cannot be served.
    package struct Problem: Error, CustomStringConvertible {
        package let description: String
    }

    /// Hex digits of the digest in a name.
    private static let digitsMax = 16

    /// - Parameters:
    ///   - files: contents by the name of the file: `app.css`.
    ///   - digest: a cryptographic digest in hex.
    ///   - compress: makes a gzip stream.
    package init(
        _ files: [String: [UInt8]], base: String, digest: ([UInt8]) throws -> String,
        compress: ([UInt8]) throws -> [UInt8]
    ) throws {
        var assets: [String: Asset] = [:]
        var served: [String: String] = [:]
        for (name, bytes) in files {
            guard let dot = name.lastIndex(of: "."), let type = Self.contentTypes[name[dot...].lowercased()] else {
                throw Problem(description: "\(name) has no ending of a known content type")
            }
            let hash = String(try digest(bytes).prefix(Self.digitsMax))
            let address = "\(name[..<dot])-\(hash)\(name[dot...])"
            let gzip = try compress(bytes)
            assets[address] = Asset(
                contentType: type, entityTag: "\"\(hash)\"", body: ByteBuffer(bytes: bytes),
                gzip: gzip.count < bytes.count ? ByteBuffer(bytes: gzip) : nil)
            served[name] = address
        }
        (self.base, self.assets, self.served) = (base, assets, served)
    }

    private static let contentTypes = [
        ".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml",
        ".png": "image/png", ".ico": "image/vnd.microsoft.icon", ".woff2": "font/woff2",
        ".txt": "text/plain; charset=utf-8",
    ]

    /// The path of a file by its name; nil where there is none.
    package func path(of file: String) -> String? { served[file].map { "\(base)/\($0)" } }

    /// The route that serves them. What a name stands for never changes, so caches keep it for good.
    package var route: Route {
        Route(
            .get, "\(base)/{asset}", access: .open,
            operation: Operation(summary: "A file of the pages", answer: .raw("application/octet-stream")),
            handler: { try answer($0) })
    }

    private func answer(_ request: APIRequest) throws(APIError) -> APIResponse {
        guard let asset = assets[try request.parameter("asset")] else {
            throw APIError(.notFound, "this path does not exist")
        }
        // Two representations have two strong tags (RFC 9110 §8.8.3.3).
        let gzip = PageCompression.isWanted(request.headers) ? asset.gzip : nil
        let tag = gzip == nil ? asset.entityTag : asset.entityTag.dropLast() + "-gzip\""
        var headers: HTTPFields = [
            .eTag: String(tag), .cacheControl: "public, max-age=31536000, immutable", .vary: "Accept-Encoding",
        ]
        if Self.matches(request.headers[values: .ifNoneMatch], String(tag)) {
            return APIResponse(.notModified, headers: headers, body: ByteBuffer())
        }
        headers[.contentType] = asset.contentType
        if gzip != nil { headers[.contentEncoding] = "gzip" }
        return APIResponse(headers: headers, body: gzip ?? asset.body)
    }

    /// RFC 9110 §13.1.2, with the weak comparison that it asks for.
    private static func matches(_ fields: [String], _ tag: String) -> Bool {
        fields.flatMap { $0.split(separator: ",") }.contains { part in
            let text = part.drop(while: { $0 == " " })
            return text == "*" || text == tag || text == "W/\(tag)"
        }
    }
}
