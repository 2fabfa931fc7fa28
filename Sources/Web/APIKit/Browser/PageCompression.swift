import HTTPTypes
import NIOCore

/// Compresses pages and their files for browsers that say that they read it (RFC 9110 §12.5.3).
package struct PageCompression: Sendable {
    /// Makes a gzip stream of a page: quickly, for each request.
    package let page: @Sendable ([UInt8]) throws -> [UInt8]
    /// The same of a file, as small as it gets, once at the start.
    package let file: @Sendable ([UInt8]) throws -> [UInt8]

    package init(
        page: @escaping @Sendable ([UInt8]) throws -> [UInt8], file: @escaping @Sendable ([UInt8]) throws -> [UInt8]
    ) {
        (self.page, self.file) = (page, file)
    }

    /// Bytes below which a page stays as it is: it would fit into one packet anyway.
    private static let bytesMin = 1_400

    /// Whether a request takes gzip.
    static func isWanted(_ headers: HTTPFields) -> Bool {
        headers[values: .acceptEncoding].flatMap { $0.split(separator: ",") }.contains { part in
            let words = part.split(separator: ";").map { $0.filter { $0 != " " && $0 != "\t" }.lowercased() }
            guard words.first == "gzip" || words.first == "x-gzip" else { return false }
            let weight = words.dropFirst().first { $0.hasPrefix("q=") }.flatMap { Double($0.dropFirst(2)) }
            return (weight ?? 1) > 0
        }
    }

    /// A page, compressed where that is wanted and safe. A page that answers a form or a query may repeat what another
    /// site's page has put there, beside the token of its forms: its length, compressed, could tell that token bit by
    /// bit (BREACH). Such pages are sent as they are.
    func compressed(_ page: APIResponse, to visit: BrowserSite.Visit) -> APIResponse {
        guard page.stream == nil, page.headers[.contentType]?.hasPrefix("text/html") == true else { return page }
        var response = page
        response.headers[.vary] = "Accept-Encoding"
        guard visit.method == .get, !visit.hasQuery, Self.isWanted(visit.headers),
            page.headers[.contentEncoding] == nil, page.body.readableBytes >= Self.bytesMin
        else { return response }
        // A page that cannot be compressed is one that is not.
        guard let bytes = try? self.page(Array(page.body.readableBytesView)) else { return response }
        response.body = ByteBuffer(bytes: bytes)
        response.headers[.contentEncoding] = "gzip"
        return response
    }
}
