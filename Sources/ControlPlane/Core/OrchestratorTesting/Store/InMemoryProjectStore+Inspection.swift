public import ConsistencyModel
public import Orchestrator
import ProjectModel

extension InMemoryProjectStore: StoreInspection {
    /// A version that is new enough.
    public func databaseVersion() async throws(StoreError) -> Int { try await transaction { _ in 150_000 } }

    /// Everything that has a holder.
    public func leaseHolders(limit: Int) async throws(StoreError) -> [LeaseHolder] {
        try await transaction { Array($0.holders.prefix(limit)) }
    }
}

extension StoreState {
    fileprivate var holders: [LeaseHolder] {
        let ports = ports.map { ($0.value, LeaseHolder.Thing.port($0.key)) }
        let subnets = subnets.map { ($0.value, LeaseHolder.Thing.subnet($0.key)) }
        return (ports + subnets).compactMap { holder, thing in
            guard case .project(let ref, _) = holder, let record = records[ref] else { return nil }
            return LeaseHolder(ref: ref, status: record.status, thing: thing)
        }
    }
}
