import HTTPTypes

/// What a request needs of the disk with the manager's data. Requests of tenants end before the manager itself has no
/// room: its database does not start again on a full disk.
package enum DiskNeed: UInt64, Sendable {
    /// Nothing: it only reads.
    case none = 0
    /// An entry in the audit trail about something that ends.
    case removal = 0x400_0000
    /// An entry in the audit trail.
    case entry = 0x800_0000
    /// It stores something.
    case growth = 0x1000_0000

    /// Free bytes below which such requests are refused.
    package var freeBytesMin: UInt64 { rawValue }
}

extension Route {
    /// Whether access ends by it.
    package var isUrgent: Bool { endsCredentials || takesAccess }

    /// What the route needs, unless it says otherwise itself.
    package var diskNeed: DiskNeed {
        if let ownDiskNeed { return ownDiskNeed }
        switch effect {
        case .none: return .none
        case .seen: return .entry
        case .change, .unaudited, .external: return method == .delete || isUrgent ? .removal : .growth
        }
    }
}
