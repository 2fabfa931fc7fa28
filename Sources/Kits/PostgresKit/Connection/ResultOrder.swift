import CPostgres

/// What the order of results is decided by: how many columns one has, and whether its statement is over with it.
struct ResultShape: Sendable, Equatable {
    /// Columns; zero for a statement without rows.
    let width: Int
    /// Whether more rows of the same result may follow.
    let isPartial: Bool
}

extension ResultShape {
    init(_ result: OpaquePointer) {
        self.init(width: Int(PQnfields(result)), isPartial: PQresultStatus(result) == PGRES_SINGLE_TUPLE)
    }
}

/// The order in which the results of an exchange may come. libpq passes on what a server sends; rows of another width
/// than the columns that were announced, or results after an error, come from no PostgreSQL server.
struct ResultOrder: Sendable {
    /// Columns of the result whose rows come at the moment.
    private var width: Int?
    private var hasEnded = false
    private var hasFailed = false
    /// Why the exchange cannot continue.
    private(set) var violation: String?

    /// Whether the result continues the order.
    ///
    /// - Parameter isOnlyOne: whether the exchange has one result, as a single statement has.
    mutating func admit(_ shape: ResultShape, isOnlyOne: Bool) -> Bool {
        if hasFailed {
            violation = "a result came after an error"
        } else if hasEnded && isOnlyOne {
            violation = "a second result came for one statement"
        } else if let width, width != shape.width {
            violation = "a row came with another number of columns"
        }
        width = shape.isPartial ? shape.width : nil
        hasEnded = !shape.isPartial
        return violation == nil
    }

    /// The server has reported an error: what follows is the end of the exchange.
    mutating func fail() { hasFailed = true }
}
