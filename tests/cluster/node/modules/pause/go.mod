module frappe-platform/tests/cluster/pause

go 1.26
