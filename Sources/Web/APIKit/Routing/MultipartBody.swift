import ProjectModel

/// A `multipart/form-data` body (RFC 7578), taken apart or to be sent.
package struct MultipartBody: Sendable, Equatable {
    /// Most parts of one body.
    package static let partsMax = 200
    /// Most bytes of one part's header.
    package static let headerBytesMax = 16 << 10
    /// Longest boundary (RFC 2046 §5.1.1).
    package static let boundaryBytesMax = 70

    /// The parts, in their order.
    package var parts: [Part]

    /// One field or file of a form.
    package struct Part: Sendable, Equatable {
        /// Name of the field.
        package var name: String
        /// Name of the file, as it was sent: paths are not cut off. Absent when the part is no file.
        package var fileName: String?
        /// Media type, as it was sent.
        package var contentType: String?
        /// The content.
        package var bytes: [UInt8]

        /// A part.
        package init(name: String, fileName: String? = nil, contentType: String? = nil, bytes: [UInt8]) {
            self.name = name
            self.fileName = fileName
            self.contentType = contentType
            self.bytes = bytes
        }
    }

    /// A body to be sent.
    package init(parts: [Part]) { self.parts = parts }

    /// Takes a body apart.
    ///
    /// - Parameters:
    ///   - contentType: value of the request's Content-Type, which names the boundary.
    ///   - maximumBytes: largest body that is parsed.
    package init(_ body: [UInt8], contentType: String, maximumBytes: Int) throws(MultipartError) {
        guard body.count <= maximumBytes else { throw .tooLarge(maximumBytes) }
        let type = try HeaderValue(contentType)
        guard type.value.lowercased() == "multipart/form-data" else { throw .otherType }
        guard let boundary = type.parameters["boundary"], Self.isBoundary(boundary) else { throw .noBoundary }
        var reader = MultipartReader(body: body, boundary: boundary)
        parts = try reader.parts()
    }

    /// The body as bytes.
    ///
    /// - Parameter boundary: a random word that occurs in no content.
    package func encoded(boundary: String) -> [UInt8] {
        var bytes: [UInt8] = []
        for part in parts {
            var head = "--\(boundary)\r\nContent-Disposition: form-data; name=\"\(Self.escaped(part.name))\""
            if let fileName = part.fileName { head += "; filename=\"\(Self.escaped(fileName))\"" }
            if let type = part.contentType { head += "\r\nContent-Type: \(type)" }
            bytes += Array("\(head)\r\n\r\n".utf8) + part.bytes + [13, 10]
        }
        return bytes + Array("--\(boundary)--\r\n".utf8)
    }

    /// The Content-Type of ``encoded(boundary:)``.
    package static func contentType(boundary: String) -> String { "multipart/form-data; boundary=\(boundary)" }

    /// Quotes as in every quoted string; ends of lines, which no header can hold, as browsers write them.
    private static func escaped(_ text: String) -> String {
        text.replacingScalars(["\\": "\\\\", "\"": "\\\"", "\r": "%0D", "\n": "%0A"])
    }

    private static func isBoundary(_ text: String) -> Bool {
        (1...boundaryBytesMax).contains(text.utf8.count) && text.utf8.allSatisfy { $0 >= 32 && $0 < 127 }
            && text.last != " "
    }
}

/// Why a body is no `multipart/form-data`.
package enum MultipartError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The request's Content-Type is another one.
    case otherType
    /// The Content-Type names no boundary that can be one.
    case noBoundary
    /// More bytes than allowed: how many are.
    case tooLarge(Int)
    /// More parts than are taken.
    case tooManyParts
    /// The header of a part is too long, or cannot be read: which part, from 1.
    case badHeader(part: Int)
    /// The body ends before its last boundary.
    case truncated

    /// The problem with the body, for the response.
    package var description: String {
        switch self {
        case .otherType: "the body must be multipart/form-data"
        case .noBoundary: "the Content-Type of the body names no boundary"
        case .tooLarge(let limit): "the body has more than \(limit) bytes"
        case .tooManyParts: "the body has more than \(MultipartBody.partsMax) parts"
        case .badHeader(let part): "part \(part) of the body has no header that can be read"
        case .truncated: "the body ends before its last boundary"
        }
    }
}
