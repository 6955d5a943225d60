//! `man`: the manual, printed or written page by page.

use std::io::Write as _;

use crate::app::App;
use crate::cli::ManArgs;
use crate::error::{Context, Kind, Result};
use crate::help::man::{self, Page};
use crate::{fsutil, ui};

pub(crate) fn run(app: &App, args: &ManArgs) -> Result<()> {
    let pages = man::pages().context(Kind::Unexpected, || "cannot make the manual".to_owned())?;
    let Some(dir) = &args.dir else {
        let mut data = app.ui.data();
        if let Some(Page { text, .. }) = pages.first() {
            data.write_all(text).map_err(ui::output_failed)?;
        }
        return data.done();
    };
    for Page { file, text } in &pages {
        let path = dir.join(file);
        fsutil::write_shared(&path, text)
            .context(Kind::Storage, || format!("cannot write {}", path.display()))?;
    }
    app.ui.result(format_args!("{} pages in {}", pages.len(), dir.display()));
    Ok(())
}
