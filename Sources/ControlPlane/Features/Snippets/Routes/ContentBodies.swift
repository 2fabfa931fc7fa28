import APIKit
import FeatureKit
import FoundationEssentials
import HTTPTypes
import Orchestrator
import ProjectModel
import SnippetModel

/// Body of `PUT` and `POST /platform/projects/{ref}/content`. Numbers of owner and project, which older clients send,
/// are ignored: the token and the path name them.
struct ContentBody: DecodableBody {
    let id: String
    let name: String
    let type: String
    let visibility: String
    let content: JSON?
    let description: String?
    let favorite: Bool?
    let place: ContentDraft.Place?

    static let schemaName: String? = "ContentBody"

    init(fields: BodyReader) throws {
        id = try fields.read("id", .uuid)
        name = try fields.read("name", .text(1...ContentLimits.nameLengthMax))
        type = try fields.read("type", .choice(ContentKind.allCases.map(\.rawValue)))
        visibility = try fields.read("visibility", .choice(ContentVisibility.allCases.map(\.rawValue)))
        content = try fields.readIfPresent("content", .map(.anything))
        description = try fields.readIfPresent("description", .nullable(.text(0...ContentLimits.summaryLengthMax)))
        favorite = try fields.readIfPresent("favorite")
        place = try fields.place("folder_id")
    }

    /// The draft; 400 for what cannot be stored.
    func draft(of ref: ProjectRef) throws(APIError) -> ContentDraft {
        guard let kind = ContentKind(rawValue: type) else { throw Self.unknown("type", ContentKind.self) }
        guard let visibility = ContentVisibility(rawValue: visibility) else {
            throw Self.unknown("visibility", ContentVisibility.self)
        }
        if let description, !ContentText.isFine(description, lengths: 0...ContentLimits.summaryLengthMax) {
            throw APIError(
                .badRequest, "description must have at most \(ContentLimits.summaryLengthMax) characters")
        }
        return ContentDraft(
            id: try ContentText.identifier(id, "id"), ref: ref, kind: kind, visibility: visibility,
            name: try ContentText.name(name), summary: description, body: try body(), isFavorite: favorite,
            place: place)
    }

    /// The inner object as text, for the store, which does not parse it.
    private func body() throws(APIError) -> String? {
        guard let content, content != .null else { return nil }
        guard case .object = content else { throw APIError(.badRequest, "content must be an object") }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let bytes = try? encoder.encode(content) else {
            throw APIError(.badRequest, "content is not valid JSON")
        }
        guard bytes.count <= ContentLimits.bodyBytesMax else {
            throw APIError(.contentTooLarge, "content is larger than \(ContentLimits.bodyBytesMax) bytes")
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func unknown<Word: RawRepresentable<String> & CaseIterable>(
        _ field: String, _ type: Word.Type
    ) -> APIError {
        APIError(.badRequest, "\(field) must be one of \(Word.allCases.map(\.rawValue).joined(separator: ", "))")
    }
}

/// Body of `POST` and `PATCH …/content/folders`.
struct ContentFolderBody: DecodableBody {
    let name: String?
    let parent: ContentDraft.Place?

    static let schemaName: String? = "ContentFolderBody"

    init(fields: BodyReader) throws {
        name = try fields.readIfPresent("name", .text(1...ContentLimits.nameLengthMax))
        parent = try fields.place("parent_id")
    }

    /// The folder that the parent names, if the body says anything of it.
    func parentID(otherwise known: String?) -> String? {
        switch parent {
        case nil: known
        case .top: nil
        case .folder(let id): id
        }
    }
}

extension BodyReader {
    /// A folder. Absent leaves a thing where it is; null takes it out of its folder.
    fileprivate func place(_ name: String) throws -> ContentDraft.Place? {
        let folder: String? = try readIfPresent(name, .nullable(.uuid))
        return if let folder { .folder(folder.lowercased()) } else if contains(name) { .top } else { nil }
    }
}

/// Texts that clients give their things.
enum ContentText {
    /// Whether a text has a length, in characters, and can be stored.
    static func isFine(_ text: String, lengths: ClosedRange<Int>) -> Bool {
        lengths.contains(text.unicodeScalars.count) && !text.utf8.contains(0)
    }

    /// A name; 400 otherwise.
    static func name(_ text: String) throws(APIError) -> String {
        guard isFine(text, lengths: 1...ContentLimits.nameLengthMax) else {
            throw APIError(.badRequest, "name must have 1 to \(ContentLimits.nameLengthMax) characters")
        }
        return text
    }

    /// A UUID in lower case; 400 otherwise.
    static func identifier(_ text: String, _ field: String) throws(APIError) -> String {
        guard let uuid = UUID(uuidString: text) else { throw APIError(.badRequest, "\(field) must be a UUID") }
        return uuid.uuidString.lowercased()
    }

    /// The identifiers in a query such as `?ids=a,b`; 400 for none, too many, or what is no UUID.
    static func identifiers(_ query: QueryParameters) throws(APIError) -> [String] {
        let texts = query.texts("ids") ?? []
        guard (1...ContentLimits.idsMax).contains(texts.count) else {
            throw APIError(.badRequest, "ids must name 1 to \(ContentLimits.idsMax) things, separated by commas")
        }
        var ids: [String] = []
        for text in texts { ids.append(try identifier(text, "each of ids")) }
        return ids
    }
}

extension APIError {
    /// The errors of the store of snippets.
    init(_ error: ContentError) {
        switch error {
        case .taken: self.init(.conflict, "\(error)")
        case .noFolder: self.init(.notFound, "\(error)")
        case .forbidden: self.init(.forbidden, "\(error)")
        case .notPossible: self.init(.badRequest, "\(error)")
        case .store(let error): self.init(CatalogError.store(error))
        }
    }
}
