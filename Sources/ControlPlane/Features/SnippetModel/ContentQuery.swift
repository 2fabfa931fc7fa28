public import ProjectModel

/// A filter of content items; an absent part matches everything.
public struct ContentQuery: Sendable, Equatable {
    /// Most items that one page holds.
    public static let limitMax = 100

    /// The viewing account: it sees its own items and those that are not private.
    public var viewer: String
    public var refs: [ProjectRef]
    /// What they are.
    public var kinds: Set<ContentKind>?
    /// Visibilities to list.
    public var visibilities: Set<ContentVisibility>?
    /// Whether the viewer has marked them.
    public var isFavorite: Bool?
    /// Part of the name, without regard to case.
    public var name: String?
    public var place: ContentDraft.Place?
    /// Order.
    public var sort: Sort
    /// Whether the order is turned round.
    public var isDescending: Bool
    /// Behind which item the page begins.
    public var cursor: ContentCursor?
    /// Most items per page, 1 to ``limitMax``.
    public var limit: Int

    /// The order of items; equal ones by identifier.
    public enum Sort: String, Sendable, CaseIterable {
        case name
        case insertedAt = "inserted_at"
    }

    /// A query; the first hundred, the newest first, by default.
    public init(
        viewer: String, refs: [ProjectRef], kinds: Set<ContentKind>? = nil,
        visibilities: Set<ContentVisibility>? = nil, isFavorite: Bool? = nil, name: String? = nil,
        place: ContentDraft.Place? = nil, sort: Sort = .insertedAt, isDescending: Bool = true,
        cursor: ContentCursor? = nil, limit: Int = limitMax
    ) {
        self.viewer = viewer
        self.refs = refs
        self.kinds = kinds
        self.visibilities = visibilities
        self.isFavorite = isFavorite
        self.name = name
        self.place = place
        self.sort = sort
        self.isDescending = isDescending
        self.cursor = cursor
        self.limit = limit
    }
}

/// Where a page ended. Its text form is what clients hand back: the identifier, and the sort key in hexadecimal.
public struct ContentCursor: Sendable, Equatable {
    /// What the last item of the page was ordered by: its name in lower case, or milliseconds since the epoch.
    public var key: String
    /// Identifier of the last item.
    public var id: String

    public init(key: String, id: String) {
        self.key = key
        self.id = id
    }

    /// The cursor behind an item.
    public init(behind item: ContentItem, in sort: ContentQuery.Sort) {
        self.init(key: item.sortKey(sort), id: item.id)
    }

    /// Reads the text form; nothing for anything else, as well as for a cursor of another order.
    public init?(_ text: String, in sort: ContentQuery.Sort) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, parts[1].utf8.count % 2 == 0, parts[1].utf8.count <= Self.keyDigitsMax else {
            return nil
        }
        var bytes: [UInt8] = []
        var digits = parts[1][...]
        while !digits.isEmpty {
            guard let byte = UInt8(digits.prefix(2), radix: 16) else { return nil }
            bytes.append(byte)
            digits = digits.dropFirst(2)
        }
        guard let key = String(validating: bytes, as: UTF8.self), !bytes.contains(0) else { return nil }
        if sort == .insertedAt, Int64(key) == nil { return nil }
        self.init(key: key, id: String(parts[0]))
    }

    /// The text form.
    public var text: String {
        let digits = key.utf8.map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }
        return "\(id).\(digits.joined())"
    }

    private static let keyDigitsMax = 16 * ContentLimits.nameLengthMax
}

/// One page of items.
public struct ContentPage: Sendable, Equatable {
    public var items: [ContentItem]
    /// The cursor of the next page; nil on the last one.
    public var cursor: ContentCursor?

    /// Cuts a page from `candidates`, which are in order and, unless they are the last, more than fit. A page ends
    /// early rather than hold more than ``ContentLimits/pageBytesMax``, but never before its first item.
    public init(_ candidates: [ContentItem], of query: ContentQuery) {
        var bytes = 0
        items = Array(
            candidates.prefix(query.limit).enumerated().prefix { number, item in
                bytes += item.body.utf8.count
                return number == 0 || bytes <= ContentLimits.pageBytesMax
            }.map(\.element))
        if items.count < candidates.count, let last = items.last {
            cursor = ContentCursor(behind: last, in: query.sort)
        }
    }
}

/// How many items an account sees.
public struct ContentCount: Sendable, Equatable {
    /// Those that they marked.
    public var favorites: Int
    /// Their own private ones.
    public var owned: Int
    /// Those that all members see.
    public var shared: Int

    public init(favorites: Int, owned: Int, shared: Int) {
        self.favorites = favorites
        self.owned = owned
        self.shared = shared
    }
}

extension ContentItem {
    /// What the item is ordered by. Texts are compared byte by byte, as PostgreSQL's collation "C" does.
    public func sortKey(_ sort: ContentQuery.Sort) -> String {
        switch sort {
        case .name: name.lowercased()
        case .insertedAt: String(insertedAt.milliseconds)
        }
    }
}
