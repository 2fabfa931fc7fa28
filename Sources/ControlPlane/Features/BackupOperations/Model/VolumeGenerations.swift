import Orchestrator
import ProjectModel

/// The generations of one volume of a project. Pure.
struct VolumeGenerations: Sendable, Equatable {
    /// The volume's records, the one in use among them.
    let records: [VolumeRecord]

    /// - Parameter composeName: key of the volume in the Compose file.
    init(_ volumes: [VolumeRecord], of ref: ProjectRef, _ composeName: String) {
        records = volumes.filter { $0.ref == ref && $0.composeName == composeName }
    }

    /// A record of the next generation, set aside until it is proven. Its number is above those that are known and
    /// above those that the engine has: a manager that was restored from an older file does not know all of them.
    ///
    /// - Parameter seen: Names of the project's volumes on the engine.
    func next(
        of ref: ProjectRef, _ composeName: String, seen: [String] = [], identity: String, at time: Timestamp
    ) -> VolumeRecord {
        let numbers =
            records.map(\.generation) + seen.compactMap { VolumeNames.generation(of: $0, composeName, in: ref) }
        let number = (numbers.max() ?? 0) + 1
        var record = VolumeRecord(
            name: VolumeNames.generation(number, of: composeName, in: ref), owner: ref, ref: ref,
            composeName: composeName,
            identity: identity)
        record.generation = number
        record.setAsideAt = time
        return record
    }

    /// The records after a switch: the volume of this name is in use, and every other one is set aside. Nil when there
    /// is no such volume.
    func using(_ name: String, major: Int?, at time: Timestamp) -> [VolumeRecord]? {
        guard records.contains(where: { $0.name == name }) else { return nil }
        return records.map { record in
            var record = record
            if record.name == name {
                (record.setAsideAt, record.holdsData) = (nil, true)
                record.postgresMajor = record.postgresMajor ?? major
            } else {
                record.setAsideAt = record.setAsideAt ?? time
            }
            return record
        }
    }

    /// The volume that was in use before the present one; nil when no restore has set one aside.
    var previous: VolumeRecord? {
        records.filter { $0.holdsData && $0.setAsideAt != nil }
            .max { ($0.setAsideAt ?? .init(milliseconds: 0)) < ($1.setAsideAt ?? .init(milliseconds: 0)) }
    }
}
