/// The one statement that answers a request: it gives one row with total, page, body, and what SQL says of the answer.
struct MainStatement {
    /// Numbers of the columns of the row.
    enum Column {
        static let total = 0
        static let page = 1
        static let body = 2
        static let headers = 3
        static let status = 4
        static let location = 5
        static let inserted = 6
    }

    /// A setting that there is not: reading it is how a statement says that its body is too large.
    static let tooLarge = "projectd.answer_is_too_large"

    /// Rows, as SQL: the CTE `pgrst_source`, and what is read of it.
    var source: String
    var rows: String
    var form: AnswerForm
    /// Bytes of a body that is sent; beyond, the statement fails, and with it the transaction. Nil sets no bound.
    var bytesMax: Int?
    /// Counts all rows, where their number is asked for and the page is not all.
    var count: String?
    /// Key columns of an inserted row, for `Location`.
    var locationColumns: [String] = []
    /// Whether inserted rows are counted.
    var countsInserted = false

    var text: String {
        let countCTE = count.map { ", pgrst_source_count AS ( \($0) )" } ?? ""
        let total = count == nil ? "NULL::bigint" : "(SELECT pg_catalog.count(*) FROM pgrst_source_count)"
        let setting = { (name: String) in "nullif(pg_catalog.current_setting('\(name)', true), '')" }
        let row =
            "SELECT \(total) AS total, pg_catalog.count(_postgrest_t) AS page, \(form.sql) AS body, "
            + "\(setting("response.headers")) AS headers, \(setting("response.status")) AS status, "
            + "\(location) AS location, \(countsInserted ? setting("pgrst.inserted") : "NULL::text") AS inserted "
            + "FROM ( \(rows) ) _postgrest_t"
        return "WITH pgrst_source AS ( \(source) )\(countCTE) \(bounded(row))"
    }

    /// The row, or no more than an error where its body is too large.
    private func bounded(_ row: String) -> String {
        guard form != .none, let bytesMax else { return row }
        return "SELECT total, page, CASE WHEN pg_catalog.pg_column_size(body) > \(bytesMax) "
            + "AND pg_catalog.current_setting('\(Self.tooLarge)') IS NULL THEN NULL ELSE body END AS body, "
            + "headers, status, location, inserted FROM ( \(row) ) _postgrest_answer"
    }

    /// The key of the only row as a JSON object of texts.
    private var location: String {
        guard !locationColumns.isEmpty else { return "NULL::text" }
        let pairs = locationColumns.map { name in
            "\(SQLText.literal(name)), pgrst_source.\(SQLText.identifier(name))::text"
        }.joined(separator: ", ")
        return "(SELECT json_agg(json_build_object(\(pairs))) FROM pgrst_source LIMIT 1)"
    }
}
