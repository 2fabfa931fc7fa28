import HTTPTypes
import NIOCore

/// The fields of a form (`application/x-www-form-urlencoded`).
package struct FormFields: Sendable, Equatable {
    private let parameters: QueryParameters

    /// Most fields of a form.
    package static let fieldsMax = 200

    package init(_ text: String) throws(APIError) {
        guard text.utf8.count(where: { $0 == UInt8(ascii: "&") }) < Self.fieldsMax else {
            throw APIError(.badRequest, "the form has more than \(Self.fieldsMax) fields")
        }
        parameters = try QueryParameters(text)
    }

    package subscript(_ name: String) -> String? { parameters[name] }

    /// A field without the white space around it; empty when it is absent.
    package func trimmed(_ name: String) -> String {
        let text = parameters[name] ?? ""
        let front = text.drop(while: \.isWhitespace)
        return String(front.reversed().drop(while: \.isWhitespace).reversed())
    }
}

extension APIRequest {
    /// The body as a form; 415 for another content type, which a page of another site could choose.
    package func form() throws(APIError) -> FormFields {
        guard body.readableBytes > 0 else { return try FormFields("") }
        let type = headers[.contentType]?.split(separator: ";").first?.lowercased()
        guard type == "application/x-www-form-urlencoded" else {
            throw APIError(.unsupportedMediaType, "a form of this dashboard is expected")
        }
        guard let text = String(validating: body.readableBytesView, as: UTF8.self) else {
            throw APIError(.badRequest, "the form is not UTF-8")
        }
        return try FormFields(text)
    }
}
