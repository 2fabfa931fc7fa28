import HTTPTypes

/// What a request needs of the disk with the manager's data. Requests of tenants end before the manager itself has no
/// room: it writes down what it does.
package enum DiskNeed: UInt64, Sendable {
    /// Nothing: it reads, or there is more room afterwards.
    case none = 0
    /// An entry in the audit trail.
    case entry = 0x800_0000
    /// It stores something.
    case growth = 0x1000_0000

    /// Free bytes below which such requests are refused.
    package var freeBytesMin: UInt64 { rawValue }
}

extension Route {
    /// What the route needs, unless it says otherwise itself.
    package var diskNeed: DiskNeed {
        if let ownDiskNeed { return ownDiskNeed }
        switch effect {
        case .none, .seen: return .none
        case .change, .unaudited, .external: return method == .delete || endsCredentials ? .none : .growth
        }
    }
}
