import ProjectModel

/// The redactors of projects, each built once for the values that it takes out, and shared by all that show texts of
/// the project. One is built at a time.
public actor Redactors {
    /// Most bytes that are kept; those that were used the longest time ago go first.
    static let bytesMax = 64 << 20

    private struct Kept {
        let secrets: [String: Secret<String>]
        let redactor: Redactor
        var usedAt: UInt64
    }

    private let bytesMax: Int
    private var kept: [ProjectRef: Kept] = [:]
    private var uses: UInt64 = 0
    /// How many were built so far.
    private(set) var built = 0

    /// None yet.
    public init() { bytesMax = Self.bytesMax }

    init(bytesMax: Int) { self.bytesMax = bytesMax }

    /// The redactor for a project's present values: what does not match them is built again.
    func redactor(of ref: ProjectRef, _ secrets: [String: Secret<String>]) -> Redactor {
        uses += 1
        if let known = kept[ref], known.secrets == secrets {
            kept[ref]?.usedAt = uses
            return known.redactor
        }
        kept[ref] = nil
        let redactor = Redactor(secrets)
        built += 1
        makeRoom(for: redactor.bytes)
        if redactor.bytes <= bytesMax { kept[ref] = Kept(secrets: secrets, redactor: redactor, usedAt: uses) }
        return redactor
    }

    private func makeRoom(for bytes: Int) {
        var sum = kept.values.reduce(bytes) { $0 + $1.redactor.bytes }
        for (ref, old) in kept.sorted(by: { $0.value.usedAt < $1.value.usedAt }) where sum > bytesMax {
            kept[ref] = nil
            sum -= old.redactor.bytes
        }
    }
}
