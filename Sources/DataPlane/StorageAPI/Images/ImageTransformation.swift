import DataPlaneCore

/// What a client wants of an image, as the parameters of an address or the body of a request say it.
struct ImageTransformation: Sendable, Equatable {
    /// How an image fits that has other proportions than were asked for.
    enum Resize: String, Sendable, CaseIterable {
        /// It fills the size, and what stands over is cut off.
        case cover
        /// It fits into the size.
        case contain
        /// It is distorted.
        case fill

        /// The word of imgproxy, which answers and tokens have.
        var type: String {
            switch self {
            case .cover: "fill"
            case .contain: "fit"
            case .fill: "force"
            }
        }
    }

    /// A format that was asked for.
    enum Format: String, Sendable, CaseIterable {
        case origin, webp, avif
    }

    /// Pixels of a side.
    static let sides = 1...2_500
    /// Of what is saved with losses.
    static let qualities = 20...100

    var width: Int?
    var height: Int?
    var resize = Resize.cover
    var quality: Int?
    var format: Format?
}

extension ImageTransformation {
    /// The parameters of an address; others are not looked at.
    init(query: [(name: String, value: String)]) throws(StorageError) {
        try self.init(place: "querystring") { name in
            query.first { $0.name == name }.map { .string($0.value) }
        }
    }

    /// A member of a body.
    init(_ json: JSONText) throws(StorageError) {
        guard case .object = json else { throw .badRequest("body/transform must be object") }
        try self.init(place: "body/transform") { json[$0] }
    }

    private init(place: String, _ value: (String) -> JSONText?) throws(StorageError) {
        func whole(_ name: String, _ range: ClosedRange<Int>) throws(StorageError) -> Int? {
            let number: Int?
            switch value(name) {
            case nil, .null?: return nil
            case .number(let text)?, .string(let text)?: number = Int(text)
            default: number = nil
            }
            guard let number, range.contains(number) else {
                throw .badRequest("\(place)/\(name) must be integer, >= \(range.lowerBound), <= \(range.upperBound)")
            }
            return number
        }
        func word<Word: RawRepresentable & CaseIterable>(_ name: String, _: Word.Type) throws(StorageError) -> Word?
        where Word.RawValue == String {
            guard let found = value(name), found != .null else { return nil }
            guard let word = found.stringValue.flatMap(Word.init(rawValue:)) else {
                let words = Word.allCases.map(\.rawValue).joined(separator: ", ")
                throw .badRequest("\(place)/\(name) must be equal to one of the allowed values: \(words)")
            }
            return word
        }
        width = try whole("width", Self.sides)
        height = try whole("height", Self.sides)
        quality = try whole("quality", Self.qualities)
        resize = try word("resize", Resize.self) ?? .cover
        format = try word("format", Format.self)
    }

    /// How answers and tokens have it, in the order of upstream; empty where the image stays as it is.
    var text: String {
        var parts: [String] = []
        if let height { parts.append("height:\(height)") }
        if let width { parts.append("width:\(width)") }
        if width != nil || height != nil { parts.append("resizing_type:\(resize.type)") }
        if let quality { parts.append("quality:\(quality)") }
        if let format { parts.append("format:\(format.rawValue)") }
        return parts.joined(separator: ",")
    }

    /// What a token of ours says; nil for anything else.
    init?(text: String) {
        self.init()
        guard !text.isEmpty else { return }
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let halves = part.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
            guard halves.count == 2, read(halves[0], halves[1]) else { return nil }
        }
    }

    private mutating func read(_ name: String, _ value: String) -> Bool {
        func whole(_ range: ClosedRange<Int>) -> Int? { Int(value).flatMap { range.contains($0) ? $0 : nil } }
        switch name {
        case "height":
            height = whole(Self.sides)
            return height != nil
        case "width":
            width = whole(Self.sides)
            return width != nil
        case "quality":
            quality = whole(Self.qualities)
            return quality != nil
        case "format":
            format = Format(rawValue: value)
            return format != nil
        case "resizing_type":
            guard let found = Resize.allCases.first(where: { $0.type == value }) else { return false }
            resize = found
            return true
        default: return false
        }
    }
}
