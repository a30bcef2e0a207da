// Reads the files of a chart's archive in the browser.
