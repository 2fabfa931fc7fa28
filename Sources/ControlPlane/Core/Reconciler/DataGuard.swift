public import ProjectModel

/// A volume that holds a project's data, as it must be for the project to run.
public struct ExpectedVolume: Sendable, Equatable {
    /// Name on the engine.
    public var name: String
    /// Mark that it was created with; nil for a volume from before there were marks.
    public var identity: String?
    /// Major version of the PostgreSQL that wrote it; nil when no database does.
    public var postgresMajor: Int?

    public init(name: String, identity: String?, postgresMajor: Int? = nil) {
        self.name = name
        self.identity = identity
        self.postgresMajor = postgresMajor
    }
}

/// What must not be done, so that a project with data never runs on an empty volume, on another one than its own, or
/// under a PostgreSQL that cannot read it.
public struct DataVerdict: Sendable, Equatable {
    /// Volumes that are never created: they were there, and what they held is not in a new one.
    public var irreplaceable: Set<String>
    /// Services that are neither created, replaced nor started, and why.
    public var refusals: [ServiceName: String]

    /// A verdict; nothing is refused by default.
    public init(irreplaceable: Set<String> = [], refusals: [ServiceName: String] = [:]) {
        self.irreplaceable = irreplaceable
        self.refusals = refusals
    }
}

/// Compares the volumes that hold a project's data with those that the engine has. Pure.
public func guardData(
    _ desired: DesiredStack, _ observed: ObservedStack, expecting expected: [ExpectedVolume]
) -> DataVerdict {
    let byName = Dictionary(expected.map { ($0.name, $0) }) { first, _ in first }
    var verdict = DataVerdict(irreplaceable: Set(byName.keys))
    for service in desired.services.values {
        for case .volume(let name) in service.spec.mounts.map(\.source) {
            guard let volume = byName[name], verdict.refusals[service.name] == nil else { continue }
            verdict.refusals[service.name] = refusal(volume, of: service, on: observed)
        }
    }
    return verdict
}

private func refusal(_ expected: ExpectedVolume, of service: DesiredService, on observed: ObservedStack) -> String? {
    let name = expected.name
    guard let present = observed.volumes.first(where: { $0.name == name }) else {
        return "its volume \(name), which holds the project's data, is missing on the engine, or is not this project's"
            + " any more. No empty one is put in its place: \(remedy)"
    }
    guard present.identity == expected.identity else {
        return
            "the volume \(name) is not the one that holds the project's data, but another of the same name: \(remedy)"
    }
    guard service.isDatabase, let written = expected.postgresMajor,
        let running = postgresMajor(ofImage: service.spec.image), written != running
    else { return nil }
    return "the volume \(name) was written by PostgreSQL \(written), and the template runs PostgreSQL \(running), which"
        + " cannot read it: go back to a template with PostgreSQL \(written), or move the data with a dump"
}

private let remedy =
    "restore the volume from a backup, or accept the loss with"
    + " `supamanager projects accept-volume-loss`"

/// Major version in the tag of an image of PostgreSQL (`supabase/postgres:17.6.1.175` is 17); nil when the tag does not
/// begin with a number.
public func postgresMajor(ofImage image: String) -> Int? {
    let reference = image.split(separator: "@", maxSplits: 1).first ?? ""
    guard let last = reference.split(separator: "/").last, let colon = last.firstIndex(of: ":") else { return nil }
    return Int(last[last.index(after: colon)...].prefix { $0.isASCII && $0.isNumber })
}

extension DesiredService {
    /// Whether its volume holds the project's database.
    public var isDatabase: Bool { roles.contains(.database) }
}
