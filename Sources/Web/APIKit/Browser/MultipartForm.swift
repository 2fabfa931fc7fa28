import HTTPTypes
import NIOCore

/// The fields and files of a form that a browser sends as `multipart/form-data`.
package struct MultipartForm: Sendable {
    private let body: MultipartBody

    /// A text field; nil where it is absent or not UTF-8.
    package subscript(_ name: String) -> String? {
        guard let part = body.parts.last(where: { $0.name == name && $0.fileName == nil }) else { return nil }
        return String(validating: part.bytes, as: UTF8.self)
    }

    /// A file; nil where none was chosen.
    package func file(_ name: String) -> MultipartBody.Part? {
        body.parts.last { $0.name == name && $0.fileName?.isEmpty == false }
    }

    fileprivate init(_ body: MultipartBody) { self.body = body }
}

extension MultipartBody {
    /// Largest body of a form with files, in bytes; the route's own limit has been kept before.
    package static let uploadBytesMax = ServerLimits().uploadBytesMax
}

extension APIRequest {
    /// Whether the body is a form with files.
    var isMultipart: Bool {
        headers[.contentType]?.split(separator: ";").first?.lowercased() == "multipart/form-data"
    }

    /// The body as a form with files; 415 for another content type.
    package func multipart() throws(APIError) -> MultipartForm {
        guard isMultipart, let type = headers[.contentType] else {
            throw APIError(.unsupportedMediaType, "a form of this dashboard is expected")
        }
        do throws(MultipartError) {
            return MultipartForm(
                try MultipartBody(
                    Array(body.readableBytesView), contentType: type, maximumBytes: MultipartBody.uploadBytesMax))
        } catch { throw APIError(.badRequest, "\(error)") }
    }
}
